// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cli/model_options.hpp"
#include "engine/inference/wald.hpp"

namespace CLI {
class App;
}

namespace merit {

enum class CiMethod { wald, profile };
enum class TauTest { none, lrt, exact };

/// How `merit fit` tests coefficients and τ.
struct InferenceOptions {
  std::optional<DfMethod>
      df;  ///< none: normal, or satterthwaite with a robust covariance
  VcovMethod vcov = VcovMethod::model;
  CiMethod ci = CiMethod::wald;
  TauTest tau_test = TauTest::none;
  std::vector<std::string> contrasts;

  bool is_robust() const { return vcov != VcovMethod::model; }
  DfMethod df_method() const {
    return df.value_or(is_robust() ? DfMethod::satterthwaite : DfMethod::normal);
  }
};

void add_inference(CLI::App& app, InferenceOptions& inference);

/// @throws UsageError if the options contradict each other or the model
void validate(const InferenceOptions& inference, const ModelOptions& model);

}  // namespace merit
