// SPDX-License-Identifier: MIT
#include "io/decode.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include <fmt/format.h>

#include "engine/error.hpp"

namespace merit {
namespace {

using hdf5::Type;
using hdf5::TypeClass;

template <class Bits>
Bits swap_bytes(Bits bits) {
  if constexpr (sizeof(Bits) == 2) bits = static_cast<Bits>(__builtin_bswap16(bits));
  if constexpr (sizeof(Bits) == 4) bits = __builtin_bswap32(bits);
  if constexpr (sizeof(Bits) == 8) bits = __builtin_bswap64(bits);
  return bits;
}

template <std::size_t size>
struct BitsOf;
template <>
struct BitsOf<1> {
  using type = std::uint8_t;
};
template <>
struct BitsOf<2> {
  using type = std::uint16_t;
};
template <>
struct BitsOf<4> {
  using type = std::uint32_t;
};
template <>
struct BitsOf<8> {
  using type = std::uint64_t;
};

template <class T, bool swapped>
T load(const std::byte* at) {
  typename BitsOf<sizeof(T)>::type bits;
  std::memcpy(&bits, at, sizeof bits);
  if constexpr (swapped) bits = swap_bytes(bits);
  return std::bit_cast<T>(bits);
}

/// Calls `use(row, value)` for each row, the value being a T.
template <class T, bool swapped, class Use>
void for_each(const RawValues& raw, std::size_t count, const Use& use) {
  if (raw.stride == sizeof(T)) {  // known to the compiler: this loop can be vectorised
    for (std::size_t i = 0; i < count; ++i) {
      use(i, load<T, swapped>(raw.begin + i * sizeof(T)));
    }
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    use(i, load<T, swapped>(raw.at(i)));
  }
}

template <class T, class Use>
void for_each(const Type& type, const RawValues& raw, std::size_t count, const Use& use) {
  const bool swapped = type.big_endian != (std::endian::native == std::endian::big);
  if (swapped) {
    for_each<T, true>(raw, count, use);
  } else {
    for_each<T, false>(raw, count, use);
  }
}

/// The same for every stored type of number.
template <class Use>
void for_each_number(const Type& type,
                     const RawValues& raw,
                     std::size_t count,
                     const Use& use) {
  if (type.type_class == TypeClass::floating) {
    if (type.size == 4) return for_each<float>(type, raw, count, use);
    return for_each<double>(type, raw, count, use);
  }
  switch (type.size) {
    case 1:
      if (type.is_signed) return for_each<std::int8_t>(type, raw, count, use);
      return for_each<std::uint8_t>(type, raw, count, use);
    case 2:
      if (type.is_signed) return for_each<std::int16_t>(type, raw, count, use);
      return for_each<std::uint16_t>(type, raw, count, use);
    case 4:
      if (type.is_signed) return for_each<std::int32_t>(type, raw, count, use);
      return for_each<std::uint32_t>(type, raw, count, use);
    default:
      if (type.is_signed) return for_each<std::int64_t>(type, raw, count, use);
      return for_each<std::uint64_t>(type, raw, count, use);
  }
}

[[noreturn]] void throw_inexact(std::int64_t row, const std::string& value) {
  throw DataError(
      fmt::format("has in row {} the integer {}, which is beyond 2^53 and not exact as a "
                  "number; store "
                  "such identifiers as text or categories",
                  row + 1,
                  value));
}

/// Exactly the integer as a double, or NaN for R's NA.
template <class T>
double number_of(std::int64_t row, T value) {
  const auto number = static_cast<double>(value);
  if constexpr (std::is_same_v<T, std::int32_t>) {
    // R's NA_integer_, which rhdf5 and hdf5r write as it is.
    if (value == std::numeric_limits<std::int32_t>::min()) return kMissing;
  }
  if constexpr (sizeof(T) == 8 && std::is_integral_v<T>) {
    const auto bits = static_cast<std::uint64_t>(value);
    const std::uint64_t magnitude = value < T{0} ? 0 - bits : bits;
    // A double holds 53 significant bits; trailing zeros do not count.
    if (magnitude >> 53 != 0 &&
        std::bit_width(magnitude >> std::countr_zero(magnitude)) > 53) {
      throw_inexact(row, std::to_string(value));
    }
  }
  return number;
}

void decode_numbers(const Type& type,
                    const RawValues& raw,
                    std::int64_t first_row,
                    std::span<double> out) {
  for_each_number(type, raw, out.size(), [&](std::size_t i, auto value) {
    out[i] = number_of(first_row + static_cast<std::int64_t>(i), value);
  });
}

void decode_booleans(const Type& type, const RawValues& raw, std::span<double> out) {
  for_each_number(type, raw, out.size(), [&](std::size_t i, auto value) {
    out[i] = value == 0 || value == 1 ? static_cast<double>(value) : kMissing;
  });
}

void decode_codes(const Column& column,
                  const RawValues& raw,
                  std::int64_t first_row,
                  std::span<double> out) {
  const std::int64_t num_levels = column.categories->num_rows;
  for_each_number(column.type, raw, out.size(), [&](std::size_t i, auto value) {
    const auto code = static_cast<double>(value);
    if (code >= 0 && code < static_cast<double>(num_levels)) {
      out[i] = code;
    } else if (code == -1) {
      out[i] = kMissing;
    } else {
      throw DataError(
          fmt::format("has in row {} the code {}; there are {} categories (codes from 0; "
                      "−1 is missing)",
                      first_row + static_cast<std::int64_t>(i) + 1,
                      code,
                      num_levels));
    }
  });
}

void decode_enumeration(const Column& column,
                        const RawValues& raw,
                        std::span<double> out) {
  std::unordered_map<std::int64_t, double> index_of;
  for (std::size_t level = 0; level < column.type.values.size(); ++level) {
    index_of.emplace(column.type.values[level].value, static_cast<double>(level));
  }
  for_each_number(column.type, raw, out.size(), [&](std::size_t i, auto value) {
    const auto found = index_of.find(static_cast<std::int64_t>(value));
    out[i] = found == index_of.end() ? kMissing : found->second;
  });
}

void decode_text(const Column& column,
                 const RawValues& raw,
                 const LevelIndex& index,
                 std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    // What is missing is among no levels.
    const auto found = index.find(text_of(column.type, raw, i));
    out[i] = found == index.end() ? kMissing : found->second;
  }
}

std::string number_text(double x) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

}  // namespace

void decode(const Column& column,
            const RawValues& raw,
            std::int64_t first_row,
            const LevelIndex& index,
            std::span<double> out) {
  switch (column.encoding) {
    case Encoding::number:
      return decode_numbers(column.type, raw, first_row, out);
    case Encoding::boolean:
      return decode_booleans(column.type, raw, out);
    case Encoding::codes:
      return decode_codes(column, raw, first_row, out);
    case Encoding::enumeration:
      return decode_enumeration(column, raw, out);
    case Encoding::text:
      return decode_text(column, raw, index, out);
  }
}

void apply_mask(const Type& type, const RawValues& mask, std::span<double> out) {
  for_each_number(type, mask, out.size(), [&](std::size_t i, auto value) {
    if (value != 0) out[i] = kMissing;
  });
}

std::string_view text_of(const Type& type, const RawValues& raw, std::size_t row) {
  if (type.type_class == TypeClass::variable_string) return raw.heap.text(raw.at(row));
  const auto* text = reinterpret_cast<const char*>(raw.at(row));
  return {text, ::strnlen(text, type.size)};
}

bool is_missing_text(const Column& column, std::string_view text) {
  return column.na_is_missing && text == "NA";
}

std::vector<std::string> level_texts(const Type& type,
                                     const RawValues& raw,
                                     std::size_t count) {
  std::vector<std::string> texts;
  texts.reserve(count);
  if (type.type_class == TypeClass::fixed_string ||
      type.type_class == TypeClass::variable_string) {
    for (std::size_t i = 0; i < count; ++i)
      texts.emplace_back(text_of(type, raw, i));
    return texts;
  }
  for_each_number(type, raw, count, [&](std::size_t, auto value) {
    if (type.type_class == TypeClass::boolean) {
      texts.emplace_back(value != 0 ? "True" : "False");
    } else if constexpr (std::is_integral_v<decltype(value)>) {
      texts.push_back(std::to_string(value));
    } else {
      texts.push_back(number_text(static_cast<double>(value)));
    }
  });
  return texts;
}

}  // namespace merit
