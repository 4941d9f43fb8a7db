// SPDX-License-Identifier: MIT
#include <algorithm>

#include "engine/error.hpp"
#include "io/catalogue.hpp"

namespace merit {
namespace {

using hdf5::Group;
using hdf5::ObjectKind;

constexpr std::size_t kMaxObjects = 300;
/// Members of a group that are looked at before it is taken for no table.
constexpr std::size_t kMaxMembers = 5;

std::string layout_of_dataset(const hdf5::Dataset& dataset) {
  const bool is_table = dataset.type().type_class == hdf5::TypeClass::compound &&
                        dataset.shape().size() == 1;
  return is_table ? "compound dataset" : "";
}

std::string layout_of_group(const Group& group) {
  if (group.find_attribute<std::string>("encoding-type") == "dataframe") {
    return "data frame";
  }
  const std::vector<std::string> names = group.names(kMaxMembers);
  const bool has_column = std::any_of(names.begin(), names.end(), [&](const auto& name) {
    if (group.kind(name) != ObjectKind::dataset) return false;
    const hdf5::Dataset dataset = group.dataset(name);
    return dataset.shape().size() == 1 &&
           dataset.type().type_class != hdf5::TypeClass::compound;
  });
  return has_column ? "group of datasets" : "";
}

std::string layout_at(const Group& parent, const std::string& name) {
  try {
    switch (parent.kind(name)) {
      case ObjectKind::dataset:
        return layout_of_dataset(parent.dataset(name));
      case ObjectKind::group:
        return layout_of_group(parent.group(name));
      default:
        return {};
    }
  } catch (const Error&) {
    return {};  // damaged, or not of this file: no table
  }
}

}  // namespace

std::vector<TableCandidate> find_tables(const Group& root) {
  std::vector<TableCandidate> found;
  if (layout_of_group(root) == "group of datasets") {
    found.push_back({"/", "group of datasets"});
  }
  std::size_t looked_at = 0;
  for (const std::string& name : root.names(kMaxObjects)) {
    const std::string layout = layout_at(root, name);
    found.push_back({"/" + name, layout});
    if (!layout.empty() || root.kind(name) != ObjectKind::group) continue;
    for (const std::string& inner : root.group(name).names(kMaxObjects)) {
      if (++looked_at > kMaxObjects) return found;
      const std::string path = name + "/" + inner;
      const std::string inner_layout = layout_at(root, path);
      if (!inner_layout.empty()) found.push_back({"/" + path, inner_layout});
    }
  }
  return found;
}

}  // namespace merit
