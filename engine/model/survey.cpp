// SPDX-License-Identifier: MIT
#include "engine/model/survey.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <iterator>
#include <type_traits>

#include <fmt/format.h>

namespace merit {
namespace {

std::vector<double> united(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> both;
  std::set_union(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(both));
  return both;
}

// Mean of na numbers with mean `a` and nb with mean `b`, as a step from the larger part.
double merged_mean(double na, double a, double nb, double b) {
  return na >= nb ? a + (b - a) * (nb / (na + nb)) : b + (a - b) * (na / (na + nb));
}

// Groups of both, sizes added, means merged.
void merge_groups(const DesignSurvey& a, const DesignSurvey& b, DesignSurvey& merged) {
  merged.groups = united(a.groups, b.groups);
  merged.group_sizes.resize(merged.groups.size());
  merged.group_means.assign(std::max(a.group_means.size(), b.group_means.size()),
                            std::vector<double>(merged.groups.size()));
  std::size_t i = 0;
  std::size_t j = 0;
  for (std::size_t k = 0; k < merged.groups.size(); ++k) {
    const bool in_a = i < a.groups.size() && a.groups[i] == merged.groups[k];
    const bool in_b = j < b.groups.size() && b.groups[j] == merged.groups[k];
    const double na = in_a ? a.group_sizes[i] : 0.0;
    const double nb = in_b ? b.group_sizes[j] : 0.0;
    merged.group_sizes[k] = na + nb;
    for (std::size_t m = 0; m < merged.group_means.size(); ++m) {
      merged.group_means[m][k] =
          in_a && in_b ? merged_mean(na, a.group_means[m][i], nb, b.group_means[m][j])
          : in_a       ? a.group_means[m][i]
                       : b.group_means[m][j];
    }
    i += in_a ? 1 : 0;
    j += in_b ? 1 : 0;
  }
}

// Bytes in the machine's own order: ranks of one job are alike.
class Packer {
 public:
  template <typename T>
  void put(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes.insert(bytes.end(), begin, begin + sizeof value);
  }
  template <typename T>
  void put(const std::vector<T>& values) {
    put(values.size());
    for (const T& value : values)
      put(value);
  }

  std::vector<std::byte> bytes;
};

class Unpacker {
 public:
  explicit Unpacker(std::span<const std::byte> bytes) : bytes_(bytes) {}

  template <typename T>
  void get(T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    assert(bytes_.size() >= sizeof value);
    std::memcpy(&value, bytes_.data(), sizeof value);
    bytes_ = bytes_.subspan(sizeof value);
  }
  template <typename T>
  void get(std::vector<T>& values) {
    std::size_t size = 0;
    get(size);
    values.resize(size);
    for (T& value : values)
      get(value);
  }

 private:
  std::span<const std::byte> bytes_;
};

// The members in one order for both ways.
template <typename Survey, typename Visit>
void visit_members(Survey& survey, Visit visit) {
  visit(survey.counts.rows_read);
  visit(survey.counts.rows_excluded_by_where);
  visit(survey.counts.rows_used);
  visit(survey.counts.rows_dropped);
  visit(survey.levels);
  visit(survey.scales);
  visit(survey.groups);
  visit(survey.group_sizes);
  visit(survey.group_means);
}

}  // namespace

RowCounts& RowCounts::operator+=(const RowCounts& other) {
  rows_read += other.rows_read;
  rows_excluded_by_where += other.rows_excluded_by_where;
  rows_used += other.rows_used;
  rows_dropped.resize(std::max(rows_dropped.size(), other.rows_dropped.size()));
  for (std::size_t i = 0; i < other.rows_dropped.size(); ++i) {
    rows_dropped[i] += other.rows_dropped[i];
  }
  return *this;
}

DataError too_many_levels(const std::string& factor) {
  return DataError(fmt::format(
      "{} has more than {} different values: it looks like a measurement or an "
      "identifier, not a factor",
      factor,
      kMaxLevels));
}

Moments merge(const Moments& a, const Moments& b) {
  if (a.count == 0.0) return b;
  if (b.count == 0.0) return a;
  const double n = a.count + b.count;
  const double step = b.mean - a.mean;
  return {n,
          merged_mean(a.count, a.mean, b.count, b.mean),
          a.squares + b.squares + step * step * (a.count * (b.count / n))};
}

DesignSurvey merge(const DesignSurvey& a, const DesignSurvey& b) {
  DesignSurvey merged;
  merged.counts = a.counts;
  merged.counts += b.counts;
  merged.levels.resize(std::max(a.levels.size(), b.levels.size()));
  for (std::size_t i = 0; i < merged.levels.size(); ++i) {
    static const std::vector<double> kNone;
    merged.levels[i] = united(i < a.levels.size() ? a.levels[i] : kNone,
                              i < b.levels.size() ? b.levels[i] : kNone);
  }
  merged.scales.resize(std::max(a.scales.size(), b.scales.size()));
  for (std::size_t i = 0; i < merged.scales.size(); ++i) {
    merged.scales[i] = merge(i < a.scales.size() ? a.scales[i] : Moments{},
                             i < b.scales.size() ? b.scales[i] : Moments{});
  }
  merge_groups(a, b, merged);
  return merged;
}

std::vector<std::byte> pack(const DesignSurvey& survey) {
  Packer packer;
  visit_members(survey, [&](const auto& member) { packer.put(member); });
  return std::move(packer.bytes);
}

DesignSurvey unpack(std::span<const std::byte> bytes) {
  DesignSurvey survey;
  Unpacker unpacker(bytes);
  visit_members(survey, [&](auto& member) { unpacker.get(member); });
  return survey;
}

}  // namespace merit
