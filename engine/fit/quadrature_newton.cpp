// SPDX-License-Identifier: MIT
#include "engine/fit/quadrature_newton.hpp"

#include <algorithm>
#include <cmath>

namespace merit {
namespace {

// A pivot of the information, scaled to a unit diagonal, below this is 0.
constexpr double kSingular = 1e-11;
// Gains that rounding errors of the sum could fake.
constexpr double kRounding = 1e-13;
constexpr int kMostHalvings = 40;

/// Cholesky factor of D^(−1/2) A D^(−1/2) + ridge·I in the lower triangle of `work.scaled`,
/// D the diagonal of A (absolute values); the smallest pivot, or 0 if one is not positive.
double factorise(const Eigen::MatrixXd& information,
                 Eigen::Index size,
                 double ridge,
                 NewtonWorkspace& work) {
  Eigen::MatrixXd& L = work.scaled;
  L.resize(size, size);
  work.scale.resize(size);
  for (Eigen::Index a = 0; a < size; ++a) {
    const double d = std::abs(information(a, a));
    work.scale[a] = d > 0.0 ? 1.0 / std::sqrt(d) : 1.0;
  }
  double smallest = 1.0;
  for (Eigen::Index a = 0; a < size; ++a) {
    for (Eigen::Index b = 0; b <= a; ++b) {
      double sum = information(a, b) * work.scale[a] * work.scale[b];
      if (a == b) sum += ridge;
      for (Eigen::Index k = 0; k < b; ++k)
        sum -= L(a, k) * L(b, k);
      if (a > b) {
        L(a, b) = sum / L(b, b);
        continue;
      }
      if (!(sum > kSingular)) return 0.0;
      smallest = std::min(smallest, sum);
      L(a, a) = std::sqrt(sum);
    }
  }
  return smallest;
}

/// step = A⁻¹ gradient; returns the squared length gᵀA⁻¹g.
double solve(const Eigen::VectorXd& gradient, NewtonWorkspace& work) {
  const Eigen::MatrixXd& L = work.scaled;
  const Eigen::Index size = L.rows();
  work.step.resize(size);
  double squared = 0.0;
  for (Eigen::Index a = 0; a < size; ++a) {
    double sum = gradient[a] * work.scale[a];
    for (Eigen::Index k = 0; k < a; ++k)
      sum -= L(a, k) * work.step[k];
    work.step[a] = sum / L(a, a);
    squared += work.step[a] * work.step[a];
  }
  for (Eigen::Index a = size; a-- > 0;) {
    double sum = work.step[a];
    for (Eigen::Index k = a + 1; k < size; ++k)
      sum -= L(k, a) * work.step[k];
    work.step[a] = sum / L(a, a);
  }
  for (Eigen::Index a = 0; a < size; ++a)
    work.step[a] *= work.scale[a];
  return squared;
}

/// Long steps are asked for though nothing is left to gain.
bool runs_away(const Eigen::VectorXd& step,
               const Eigen::VectorXd& spread,
               double squared_length) {
  constexpr double kNothingToGain = 1e-4;
  constexpr double kLongStep = 0.3;  // on the scale of η
  if (squared_length > kNothingToGain) return false;
  return (step.array() * spread.array()).abs().maxCoeff() > kLongStep;
}

/// The curvature that Newton's steps are made with: at first the cheapest, then, where it is
/// not positive definite or convergence is slow (few rows per group, few nodes), better ones.
class Curvature {
 public:
  Curvature(QuadratureLikelihood& likelihood, NewtonWorkspace& work, Eigen::Index size)
      : likelihood_(likelihood), work_(work), size_(size) {}

  /// What an evaluation of the likelihood must bring.
  QuadratureDetail detail() const {
    return level_ == Level::about_mode ? QuadratureDetail::information
           : level_ == Level::at_nodes ? QuadratureDetail::full_information
                                       : QuadratureDetail::gradient;
  }
  bool is_best() const { return level_ == Level::differences; }

  /// After an evaluation at psi.
  void take(const Eigen::VectorXd& psi, int& evaluations) {
    if (level_ != Level::differences) {
      work_.information = likelihood_.information();
      return;
    }
    work_.information = observed_information(likelihood_, psi, size_, evaluations);
    likelihood_.evaluate(psi, QuadratureDetail::gradient);
    ++evaluations;
  }
  /// The next better one, at psi.
  void improve(const Eigen::VectorXd& psi, int& evaluations) {
    const bool nodes = level_ == Level::about_mode && likelihood_.num_nodes() >= 3;
    level_ = nodes ? Level::at_nodes : Level::differences;
    if (nodes) {
      likelihood_.evaluate(psi, detail());
      ++evaluations;
    }
    take(psi, evaluations);
  }

 private:
  enum class Level { about_mode, at_nodes, differences };
  QuadratureLikelihood& likelihood_;
  NewtonWorkspace& work_;
  Eigen::Index size_;
  Level level_ = Level::about_mode;
};

}  // namespace

Eigen::MatrixXd observed_information(QuadratureLikelihood& likelihood,
                                     const Eigen::VectorXd& psi,
                                     Eigen::Index size,
                                     int& evaluations) {
  constexpr double kShare = 1e-3;
  const AlignedVector<double> modes = likelihood.modes();
  likelihood.evaluate(psi, QuadratureDetail::information);
  const Eigen::VectorXd diagonal = likelihood.information().diagonal();
  Eigen::MatrixXd information(size, size);
  Eigen::VectorXd moved = psi;
  for (Eigen::Index a = 0; a < size; ++a) {
    const double step = kShare / std::sqrt(std::max(std::abs(diagonal[a]), 1e-6));
    moved[a] = psi[a] + step;
    likelihood.modes() = modes;
    likelihood.evaluate(moved, QuadratureDetail::gradient);
    const Eigen::VectorXd above = likelihood.gradient();
    moved[a] = psi[a] - step;
    likelihood.modes() = modes;
    likelihood.evaluate(moved, QuadratureDetail::gradient);
    information.col(a) = (likelihood.gradient() - above).head(size) / (2.0 * step);
    moved[a] = psi[a];
  }
  evaluations += 1 + 2 * static_cast<int>(size);
  likelihood.modes() = modes;
  return 0.5 * (information + information.transpose());
}

NewtonResult maximise(QuadratureLikelihood& likelihood,
                      const Eigen::VectorXd& start,
                      const Eigen::VectorXd& spread,
                      const NewtonOptions& options,
                      NewtonWorkspace& work) {
  constexpr double kNear = 0.1, kSlow = 0.2;
  const Eigen::Index P = likelihood.num_parameters();
  const Eigen::Index tau = P - 1;
  const Eigen::Index size = options.fix_tau ? P - 1 : P;
  Curvature curvature(likelihood, work, size);
  NewtonResult result;
  result.psi = start;
  bool finite = likelihood.evaluate(result.psi, curvature.detail());
  result.evaluations = 1;
  if (!finite) return result;
  curvature.take(result.psi, result.evaluations);
  result.log_likelihood = likelihood.log_likelihood();
  double previous = 1e300;
  while (result.evaluations < options.max_evaluations) {
    double ridge = 0.0;
    while (factorise(work.information, size, ridge, work) == 0.0) {
      if (ridge == 0.0 && !curvature.is_best()) {
        curvature.improve(result.psi, result.evaluations);
        continue;
      }
      ridge = ridge == 0.0 ? 1e-3 : 4.0 * ridge;
      if (ridge > 1e6) return result;  // NaN
    }
    const double squared = solve(likelihood.gradient(), work);
    result.step_length = std::sqrt(squared);
    work.step.conservativeResize(P);
    if (options.fix_tau) work.step[tau] = 0.0;
    if (ridge == 0.0 && runs_away(work.step, spread, squared)) {
      result.direction = work.step;
      result.end = NewtonEnd::diverging;
      return result;
    }
    if (result.step_length < options.tolerance) {
      if (ridge > 0.0) {
        result.end = NewtonEnd::collinear;
        return result;
      }
      result.psi += work.step;
      likelihood.predict_modes(work.step);
      result.log_likelihood += 0.5 * squared;
      result.end = NewtonEnd::converged;
      break;
    }
    if (previous < kNear && result.step_length > kSlow * previous &&
        !curvature.is_best()) {
      curvature.improve(result.psi, result.evaluations);
      previous = 1e300;
      continue;
    }
    previous = result.step_length;
    work.modes = likelihood.modes();
    bool up = false;
    for (int halving = 0; halving < kMostHalvings; ++halving, work.step *= 0.5) {
      work.trial = result.psi + work.step;
      if (halving > 0) likelihood.modes() = work.modes;
      // Slopes are those of the last evaluation: good for the first try alone.
      if (halving == 0) likelihood.predict_modes(work.step);
      if (work.trial[tau] < 0.0) {
        work.trial[tau] = -work.trial[tau];
        for (double& mode : likelihood.modes())
          mode = -mode;
      }
      finite = likelihood.evaluate(work.trial, curvature.detail());
      ++result.evaluations;
      const double rounding = kRounding * (1.0 + std::abs(result.log_likelihood));
      up = finite && likelihood.log_likelihood() >= result.log_likelihood - rounding;
      if (up || result.evaluations >= options.max_evaluations) break;
    }
    if (!up) return result;
    result.psi = work.trial;
    result.log_likelihood = likelihood.log_likelihood();
    curvature.take(result.psi, result.evaluations);
  }
  if (result.psi[tau] < 0.0) {
    result.psi[tau] = -result.psi[tau];
    for (double& mode : likelihood.modes())
      mode = -mode;
  }
  return result;
}

bool polish(QuadratureLikelihood& likelihood,
            NewtonResult& result,
            double tolerance,
            bool fix_tau,
            NewtonWorkspace& work) {
  const Eigen::Index P = likelihood.num_parameters();
  ++result.evaluations;
  if (!likelihood.evaluate(result.psi, QuadratureDetail::full_information)) return false;
  result.log_likelihood = likelihood.log_likelihood();
  if (factorise(likelihood.information(), fix_tau ? P - 1 : P, 0.0, work) == 0.0)
    return false;
  const double squared = solve(likelihood.gradient(), work);
  result.step_length = std::sqrt(squared);
  if (!(result.step_length < tolerance)) return false;
  result.psi.head(work.step.size()) += work.step;
  result.log_likelihood += 0.5 * squared;
  return true;
}

bool settle_on_boundary(QuadratureLikelihood& likelihood,
                        const Eigen::VectorXd& spread,
                        const NewtonOptions& options,
                        NewtonResult& result,
                        NewtonWorkspace& work) {
  constexpr double kHardlyDiffer = 0.05;
  const Eigen::Index tau = likelihood.num_parameters() - 1;
  if (likelihood.mean_excess() > kHardlyDiffer) return false;
  Eigen::VectorXd start = result.psi;
  start[tau] = 0.0;
  NewtonOptions fixed = options;
  fixed.fix_tau = true;
  NewtonResult flat = maximise(likelihood, start, spread, fixed, work);
  flat.evaluations += result.evaluations;
  const bool falls = likelihood.information()(tau, tau) >= 0.0;
  const bool no_lower = result.end != NewtonEnd::converged ||
                        flat.log_likelihood >= result.log_likelihood - 1e-7;
  if (flat.end != NewtonEnd::converged || !falls || !no_lower) return false;
  result = flat;
  return true;
}

Eigen::MatrixXd inverse_information(const Eigen::MatrixXd& information) {
  NewtonWorkspace work;
  const Eigen::Index P = information.rows();
  if (factorise(information, P, 0.0, work) == 0.0) return {};
  Eigen::MatrixXd inverse(P, P);
  for (Eigen::Index a = 0; a < P; ++a) {
    solve(Eigen::VectorXd::Unit(P, a), work);
    inverse.col(a) = work.step;
  }
  return 0.5 * (inverse + inverse.transpose());
}

}  // namespace merit
