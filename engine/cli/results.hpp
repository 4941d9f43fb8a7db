// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/cli/model_data.hpp"
#include "engine/cli/options.hpp"
#include "engine/report/report.hpp"
#include "engine/resample/quantity.hpp"
#include "io/result_store.hpp"

namespace merit {

/// A fit of any family.
struct FittedModel {
  FitResult result;
  GroupModes modes;
  std::optional<GlmmFit> glmm;  ///< families other than the Gaussian: where refits start
};

/// The fit with the model's names in the text of its errors and remarks.
FittedModel fit_model(const ModelOptions& options, const ModelData& data, SimdLevel simd);

/// As it is stored and reported.
StoredFit stored_fit(const ModelData& data, const FittedModel& fit);

/// What quantities may be made of.
ParameterNames parameter_names(const StoredFit& stored);

/// Everything a fit's numbers depend on.
JobDescription describe_job(const ModelOptions& options, const ModelData& data);

/// Value of a field of a description, as text; empty if it is not there.
std::string text_of(const Attributes& attributes, const std::string& field);

struct ReportOptions {
  double level = 0.95;
  bool ranef = false;
};

/// A report of a fit, whether just made or read from a file.
Report fit_report(const std::string& command,
                  const StoredFit& fit,
                  const JobDescription& job,
                  const Attributes& provenance,
                  const ReportOptions& options);

/// Writes a report to stdout, and the notes that CSV has no place for to stderr.
/// @throws IoError if it does not get there
void show(const Report& report, Format format);

/// Writes results to stdout. @throws IoError if they do not get there
void print(const std::string& text);

/// Whether --output can be what was asked for.
/// @param input  the file that the command reads
/// @throws UsageError if it exists without --overwrite, or is the input itself; IoError if it
///         cannot be written
void check_output(const std::string& input, const RunSettings& run);

}  // namespace merit
