// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/layer_check.hpp"

#include "ops/transfer/second_attempt.hpp"
#include "ops/v1/finding_words.hpp"

#include <regctl/base/error.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

namespace regctl::ops {

namespace {

Judgement to_judgement(Unpacking unpacking) {
  switch (unpacking.outcome) {
  case Unpacking::Outcome::whole:
    return {};
  case Unpacking::Outcome::cut:
    return {Verdict::layer_cut, std::move(unpacking.problem)};
  case Unpacking::Outcome::damaged:
    break;
  }
  return {Verdict::layer_damaged, std::move(unpacking.problem)};
}

/// The layer's tarsum as engines computed it; nothing if the layer is not a tar.
std::optional<std::string> find_tarsum(const V1Image& image, std::unique_ptr<Source> layer) {
  try {
    return tarsum(image.json, std::move(layer));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return std::nullopt;
  }
}

Judgement check_payload_sum(const V1Image& image, const OpenLayer& open) {
  try {
    run_twice_if_damaged([&](ReadAttempt) { drain(*open(LayerCheck::verify)); },
                         [&] { return image.layer_size_bytes != 0; });
    return {};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) {
      throw;
    }
  }
  return judge_wrong_sum(image, open);
}

Judgement check_without_payload_sum(const V1Image& image, const OpenLayer& open) {
  if (const auto sums = recorded_tarsums(image); !sums.empty()) {
    if (const auto sum = find_tarsum(image, open(LayerCheck::none))) {
      return std::find(sums.begin(), sums.end(), *sum) != sums.end()
                 ? Judgement()
                 : Judgement{Verdict::checksum_wrong, "the tarsum"};
    }
  }
  return to_judgement(check_unpacking(open(LayerCheck::none)));
}

} // namespace

Judgement judge_wrong_sum(const V1Image& image, const OpenLayer& open) {
  if (image.layer_size_bytes == 0) {
    return {Verdict::layer_cut, k_no_bytes};
  }
  try {
    auto unpacking = check_unpacking(open(LayerCheck::none));
    if (unpacking.outcome == Unpacking::Outcome::cut) {
      return to_judgement(std::move(unpacking));
    }
  } catch (const Error& error) { // the checksum is certainly wrong, which matters more
    if (error.kind() == ErrorKind::interrupted) {
      throw;
    }
  }
  return {Verdict::checksum_wrong, ""};
}

Judgement check_layer(const V1Image& image, const OpenLayer& open) {
  if (!payload_sums(image).empty()) {
    return check_payload_sum(image, open);
  }
  if (image.layer_size_bytes == 0) {
    return {Verdict::layer_cut, k_no_bytes};
  }
  auto found = check_without_payload_sum(image, open);
  return found.verdict == Verdict::sound ? found : check_without_payload_sum(image, open);
}

} // namespace regctl::ops
