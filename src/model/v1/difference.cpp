// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/v1/difference.hpp>
#include <regctl/model/v1/layer.hpp>

#include <vector>

namespace regctl {

namespace {

using Texts = std::vector<std::string>;

/// Every text that may have been pushed.
Texts json_texts(const V1Image& image) {
  return image.json_candidates.empty() ? Texts{image.json} : image.json_candidates;
}

/// Whether both texts are the same document. A text that is not JSON equals no other.
bool is_same_document(const V1Image& one, const V1Image& other) {
  const auto document = find_json(one.json);
  return document && document == find_json(other.json);
}

} // namespace

bool have_common_json(const V1Image& one, const V1Image& other) {
  return have_common(json_texts(one), json_texts(other));
}

bool print_the_same_json(const V1Image& one, const V1Image& other) {
  return one.json_candidates.empty() != other.json_candidates.empty() &&
         is_same_document(one, other);
}

std::string find_v1_difference(const V1Image& there, const V1Image& expected) {
  if (!have_common_json(there, expected) && !is_same_document(there, expected)) {
    return "its JSON is another";
  }
  const auto& size = there.layer_size_bytes;
  const auto& expected_size = expected.layer_size_bytes;
  if (size && expected_size && size != expected_size) {
    return "its layer has " + std::to_string(*size) + " bytes instead of " +
           std::to_string(*expected_size);
  }
  const auto sums = payload_sums(there);
  const auto expected_sums = payload_sums(expected);
  if (!sums.empty() && !expected_sums.empty() && !have_common(sums, expected_sums)) {
    return "its layer has payload checksum " + sums.front() + " instead of " +
           expected_sums.front();
  }
  return "";
}

} // namespace regctl
