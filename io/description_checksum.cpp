// SPDX-License-Identifier: MIT
#include "io/description_checksum.hpp"

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#define XXH_INLINE_ALL
#include <fmt/format.h>
#include <xxhash.h>

#include "engine/error.hpp"
#include "io/result_layout.hpp"

namespace merit {
namespace {

class Hash {
 public:
  Hash() {
    XXH3_INITSTATE(&state_);
    XXH3_64bits_reset(&state_);
  }
  void add(std::string_view text) {
    XXH3_64bits_update(&state_, text.data(), text.size());
    XXH3_64bits_update(&state_, "", 1);
  }
  void add(const std::vector<std::string>& texts) {
    for (const std::string& text : texts)
      add(std::string_view(text));
  }
  template <class T>
  void add(const std::vector<T>& numbers) {
    static_assert(sizeof(T) == 8);
    XXH3_64bits_update(&state_, numbers.data(), numbers.size() * sizeof(T));
  }
  std::uint64_t digest() const { return XXH3_64bits_digest(&state_); }

 private:
  XXH3_state_t state_;
};

void add_attribute(const hdf5::Object& object, const std::string& name, Hash& hash) {
  hash.add(std::string_view(name));
  switch (object.attribute_type(name).type_class) {
    case hdf5::TypeClass::floating:
      return hash.add(object.attribute<std::vector<double>>(name));
    case hdf5::TypeClass::integer:
      return hash.add(object.attribute<std::vector<std::int64_t>>(name));
    case hdf5::TypeClass::boolean:
      return hash.add(std::vector<std::int64_t>{object.attribute<bool>(name)});
    default:
      return hash.add(object.attribute<std::vector<std::string>>(name));
  }
}

void add_attributes(const hdf5::Object& object, Hash& hash) {
  hash.add(std::string_view(object.path()));
  for (const std::string& name : object.attribute_names()) {
    if (name != kDescriptionChecksum) add_attribute(object, name, hash);
  }
}

void add_values(const hdf5::Dataset& dataset, Hash& hash) {
  switch (dataset.type().type_class) {
    case hdf5::TypeClass::floating:
      return hash.add(dataset.read<double>());
    case hdf5::TypeClass::integer:
      return hash.add(dataset.read<std::int64_t>());
    default:
      return hash.add(dataset.read_strings());
  }
}

bool holds_rows(const hdf5::Group& group) {
  return group.path() == std::string("/") + row_names(RowKind::replicates).group ||
         group.path() == std::string("/") + row_names(RowKind::draws).group;
}

void add_group(const hdf5::Group& group, Hash& hash) {
  add_attributes(group, hash);
  std::vector<std::string> names = group.names();
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    switch (group.kind(name)) {
      case hdf5::ObjectKind::group:
        if (group.path() == "/" && name == "provenance") break;
        add_group(group.group(name), hash);
        break;
      case hdf5::ObjectKind::dataset: {
        const hdf5::Dataset dataset = group.dataset(name);
        add_attributes(dataset, hash);
        if (!holds_rows(group)) add_values(dataset, hash);
        break;
      }
      case hdf5::ObjectKind::other:
        throw IoError(group.name() + "/" + name + ": damaged: it leads nowhere");
    }
  }
}

}  // namespace

std::string description_checksum(const hdf5::Group& root) {
  Hash hash;
  add_group(root, hash);
  return fmt::format("{:016x}", hash.digest());
}

void check_description(const hdf5::Group& root) {
  if (root.attribute<std::string>(kDescriptionChecksum) != description_checksum(root)) {
    throw IoError(root.file() +
                  ": damaged: its description (job, fit and names) does not "
                  "match its checksum");
  }
}

}  // namespace merit
