// SPDX-License-Identifier: MIT
#pragma once

namespace merit::elementary {

// Elementary functions of one number, for expressions. The C library's exp, log and pow
// choose their instructions by processor and differ in the last bit between machines; these
// give the same bits on every one. Logarithm and exponential are carried as a sum of two
// doubles, so that errors stay below 0.65 ulp (and log10(1000) is 3).

double log(double x);
double log2(double x);
double log10(double x);
double log1p(double x);  ///< log(1 + x), also for small x
double exp(double x);

/// x^y as R has it: 1 for y = 0 or x = 1, also with a missing partner. Whole y up to 64 by
/// repeated multiplication, others as exp(y log x) within |y log x| / 50 + 1 ulp.
double power(double x, double y);

}  // namespace merit::elementary
