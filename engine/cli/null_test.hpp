// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "engine/cli/results.hpp"
#include "engine/inference/test_result.hpp"

namespace merit {

/// Both models by maximum likelihood: REML's likelihoods cannot be compared where fixed effects
/// differ.
struct ComparedFits {
  FittedModel model, null;

  /// 2 (log L − log L₀), not below 0; NaN where one of them has no maximum.
  double statistic() const;
};

/// @param fitted  the model by the command's method; fitted again if that is REML
/// @throws DataError as fit_model
ComparedFits compare_fits(const ModelOptions& options,
                          const ModelData& data,
                          const FittedModel& fitted,
                          SimdLevel simd);

/// The likelihood-ratio test of `--null`, by χ² on as many degrees of freedom as the null model
/// has coefficients less.
TestResult likelihood_ratio_test(const ModelOptions& options,
                                 const ModelData& data,
                                 const ComparedFits& fits);

/// All tests of `--null` that need no replicates: the likelihood-ratio test, and after REML the
/// F test of Kenward and Roger.
std::vector<TestResult> test_null(const ModelOptions& options,
                                  const ModelData& data,
                                  const FittedModel& fitted,
                                  SimdLevel simd);

}  // namespace merit
