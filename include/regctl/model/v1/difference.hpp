// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/image.hpp>

#include <string>

namespace regctl {

/// Whether both may have been pushed with the same JSON: a text that one has or may have had is one
/// of the other's.
bool have_common_json(const V1Image& one, const V1Image& other);

/// Whether one of the two stores prints JSON anew and both texts say the same: they may have been
/// one text.
bool print_the_same_json(const V1Image& one, const V1Image& other);

/// What tells the image `there` from `expected`, which has the same ID: "its layer has 17 bytes
/// instead of 100". What the JSONs say, sizes and payload checksums are compared, each where both
/// tell it; "" where none of them differs.
std::string find_v1_difference(const V1Image& there, const V1Image& expected);

} // namespace regctl
