// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/model/v1/image.hpp>

#include <string>

namespace regctl {

/// Whether both images may have been pushed with the same JSON text: one of the texts possible for
/// `one` is possible for `other`.
bool have_common_json(const V1Image& one, const V1Image& other);

/// Whether exactly one of the two stores re-encodes JSON and both texts are the same document. Both
/// images may then have been pushed with the same text.
bool print_the_same_json(const V1Image& one, const V1Image& other);

/// The difference between the image `there` and `expected`, which has the same ID, as in "its layer
/// has 17 bytes instead of 100"; "" if there is none. Compares the JSON documents, the layer sizes
/// and the payload checksums, the last two only where both stores record them.
std::string find_v1_difference(const V1Image& there, const V1Image& expected);

} // namespace regctl
