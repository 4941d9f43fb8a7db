// SPDX-License-Identifier: MIT
#include "engine/study/noise.hpp"

#include <cmath>

namespace merit {
namespace {

/// Sums of `df` squared normals, one per value: χ²_df.
void draw_chi_squared(const DrawKernels& kernels,
                      std::int64_t df,
                      const NoiseStream& stream,
                      std::span<double> values,
                      AlignedVector<double>& memory) {
  const auto count = std::ssize(values);
  memory.resize(values.size() * static_cast<std::size_t>(df));
  kernels.normals(stream.seed, stream.shape, stream.task, count * df, memory.data());
  for (std::int64_t i = 0; i < count; ++i) {
    double sum = 0.0;
    for (std::int64_t k = 0; k < df; ++k) {
      const double z = memory[static_cast<std::size_t>(k * count + i)];
      sum += z * z;
    }
    values[static_cast<std::size_t>(i)] = sum;
  }
}

}  // namespace

void draw_noise(const DrawKernels& kernels,
                const Noise& noise,
                const NoiseStream& stream,
                std::span<double> values,
                AlignedVector<double>& memory) {
  const auto count = std::ssize(values);
  const auto df = static_cast<double>(noise.df);
  if (noise.kind == NoiseKind::uniform) {
    kernels.uniforms(stream.seed, stream.normals, stream.task, count, values.data());
    for (double& value : values)
      value = (2.0 * value - 1.0) * std::sqrt(3.0);
    return;
  }
  if (noise.kind == NoiseKind::chi_squared) {
    draw_chi_squared(kernels, noise.df, stream, values, memory);
    for (double& value : values)
      value = (value - df) / std::sqrt(2.0 * df);
    return;
  }
  if (noise.kind == NoiseKind::t) {
    AlignedVector<double> squares(values.size());
    draw_chi_squared(kernels, noise.df, stream, squares, memory);
    kernels.normals(stream.seed, stream.normals, stream.task, count, values.data());
    // z/√(χ²/df) over √(df/(df − 2)).
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] *= std::sqrt((df - 2.0) / squares[i]);
    return;
  }
  kernels.normals(stream.seed, stream.normals, stream.task, count, values.data());
  if (noise.kind != NoiseKind::contaminated) return;
  memory.resize(values.size());
  kernels.uniforms(stream.seed, stream.shape, stream.task, count, memory.data());
  const double sd =
      std::sqrt(1.0 - noise.share + noise.share * noise.factor * noise.factor);
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] *= (memory[i] < noise.share ? noise.factor : 1.0) / sd;
}

}  // namespace merit
