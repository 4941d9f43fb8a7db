// SPDX-License-Identifier: MIT
#include "engine/study/study_digest.hpp"

#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace merit {

namespace {

std::string canonical_text(const DataSetBootstrap& bootstrap) {
  const BootstrapPlan& plan = bootstrap.plan;
  std::string text = fmt::format("bootstrap {} {} {} {} {} {}",
                                 name(plan.type),
                                 name(plan.unit),
                                 static_cast<int>(plan.reb_type),
                                 static_cast<int>(plan.wild_hc),
                                 name(plan.wild_weights),
                                 bootstrap.replicates);
  for (const IntervalType type : bootstrap.intervals)
    text += fmt::format(" {}", name(type));
  return text + '\n';
}

}  // namespace

std::string canonical_text(const Study& study) {
  std::string text =
      fmt::format("{} {} {}\n", name(study.family), name(study.link), study.repetitions);
  for (const Covariate& x : study.covariates) {
    text += fmt::format("covariate {} {} {} {} {} {}\n",
                        x.name,
                        static_cast<int>(x.level),
                        static_cast<int>(x.kind),
                        x.mean,
                        x.sd,
                        x.share);
    if (x.kind == CovariateKind::snapshot)
      text += fmt::format("column {} {} {}\n", x.snapshot, x.column, x.by_rows);
  }
  for (const SnapshotColumns& snapshot : study.snapshots) {
    text += fmt::format(
        "snapshot by {} where {}\n", snapshot.request.group, snapshot.request.where);
    for (const SnapshotColumn& column : snapshot.request.columns)
      text += fmt::format("takes {} = {}\n", column.name, column.equals.value_or(""));
  }
  if (study.sizes_from) text += fmt::format("sizes {}\n", *study.sizes_from);
  for (const auto& [what, noise] :
       {std::pair("intercepts", &study.intercepts), std::pair("errors", &study.errors)}) {
    if (noise->is_normal()) continue;
    text += fmt::format("{} {} {} {} {}\n",
                        what,
                        static_cast<int>(noise->kind),
                        noise->df,
                        noise->share,
                        noise->factor);
  }
  if (study.spread_by)
    text += fmt::format("spread {} {}\n", *study.spread_by, study.spread_slope);
  for (const StudyTerm& term : study.terms)
    text += fmt::format("term {}\n", fmt::join(term.covariates, " "));
  for (const StudyEstimator& e : study.estimators) {
    text += fmt::format("estimator {} {} {} {} {}\n",
                        e.method,
                        e.num_nodes,
                        static_cast<int>(e.inner),
                        e.free_scale,
                        fmt::join(e.terms, " "));
    for (const StudyDf df : e.df) {
      if (is_estimated(df)) text += fmt::format("inference {}\n", name(df));
    }
    if (e.has(StudyDf::profile)) text += "inference profile\n";
    if (e.bootstrap) text += canonical_text(*e.bootstrap);
    if (e.posterior) {
      text += fmt::format("posterior {} {} {} {} {}\n",
                          e.posterior->chains,
                          e.posterior->draws,
                          e.posterior->warmup,
                          e.posterior->median,
                          fmt::join(e.posterior->priors, " "));
    }
    if (e.is_external()) text += fmt::format("asks {} {}\n", e.timeout, e.command);
  }
  for (const StudyCell& cell : study.cells) {
    // What real groups make of it is told by their digest.
    const GroupSize size = study.sizes_from ? GroupSize{} : cell.size;
    text += fmt::format("cell {} {} {} {} {} {} {}\n",
                        cell.all_groups ? 0 : cell.num_groups,
                        size.mean,
                        size.sd,
                        size.least,
                        cell.tau,
                        cell.sigma,
                        fmt::join(cell.beta, " "));
  }
  return text;
}

}  // namespace merit
