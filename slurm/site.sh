# shellcheck shell=bash
# shellcheck disable=SC2034  # its readers are resumable.sh and submit.sh
# SPDX-License-Identifier: MIT
#
# What is particular to this cluster. The only file here to edit; read by submit.sh where you
# log in and by every job where it starts. A variable of the environment wins over the
# assignments with :=, so that one job can do otherwise: MERIT_LAUNCHER=mpirun slurm/submit.sh …

# --- Software ------------------------------------------------------------------------------
# What must be loaded before merit starts: the compiler's and MPI's modules it was built with.
# module purge
# module load merit/0.1.0

: "${MERIT:=merit}"  # the program: a name on PATH, or a path

# --- Accounting: sbatch's options for every job, without blanks inside one ------------------
MERIT_SBATCH=()  # (--account=p12345 --partition=standard --qos=normal)

# --- How this cluster starts MPI programs ---------------------------------------------------
#   srun       Slurm starts the ranks; right on most clusters
#   mpirun     Open MPI's own launcher, inside the job
#   none       no ranks: one process (an array of shards, a merit built without MPI)
#   other      a command, taken as it is: "mpiexec -n ${SLURM_NTASKS:-1}"
: "${MERIT_LAUNCHER:=srun}"

# For srun: the plugin that this site's MPI talks to (`srun --mpi=list`; pmix for Open MPI,
# pmi2 for MPICH and Intel MPI), and one core for each of a rank's threads.
MERIT_SRUN=(--mpi=pmix --cpu-bind=cores)
MERIT_MPIRUN=()  # further options for mpirun

# Slurm's pmix plugin with Open MPI 4 and 5 now and then crashes in MPI_Init (README.md,
# "When something goes wrong"); with this setting it has not been seen to.
export SLURM_PMIX_FENCE=ring

# --- Jobs that go on ------------------------------------------------------------------------
# How often Slurm may start one job again before somebody should have a look: stops at the
# time limit, preemptions and lost nodes all count.
: "${MERIT_MAX_REQUEUES:=100}"
