// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/hdf5.hpp"
#include "io/result_store.hpp"

// Shared by io/result_*.cpp only: the parts of a result file that are read whole. All sizes
// are distrusted: a damaged file is an IoError, never a crash.

namespace merit {

/// In byte order of names. @throws IoError
Attributes read_attributes(const hdf5::Object& object);

/// @throws InputError if it is no result file, IoError if it is of a newer format
void check_format(const hdf5::File& file);

/// @throws IoError unless the dataset has this shape, and as many bytes as it claims
void check_shape(const hdf5::Dataset& dataset, const std::vector<std::int64_t>& shape);

/// A dataset that has passed check_shape.
hdf5::Dataset open_shaped(const hdf5::Group& group,
                          const std::string& name,
                          const std::vector<std::int64_t>& shape);

/// /fit. @throws IoError
StoredFit read_fit(const hdf5::Group& group);

/// /prior and /sampler. @throws IoError
StoredPosterior read_posterior(const hdf5::Group& root);

/// /study: the terms, and the text of the study file. @throws IoError
StoredFit read_study(const hdf5::Group& group, std::optional<std::string>& text);

/// /provenance/sessions. @throws IoError
std::vector<Session> read_sessions(const hdf5::Group& group);

}  // namespace merit
