// SPDX-License-Identifier: Apache-2.0
#include "ops/layer_check.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/model/tarsum.hpp>

#include <algorithm>
#include <optional>

namespace regctl::ops {

namespace {

constexpr std::string_view k_payload_sum = "sha256:";
constexpr std::string_view k_tarsum = "tarsum+sha256:";
constexpr const char* k_empty = "no bytes";

bool has_sum(const V1Image& image, std::string_view kind) {
  return std::any_of(image.payload_checksums.begin(), image.payload_checksums.end(),
                     [&](const std::string& sum) { return sum.starts_with(kind); });
}

/// Remembers whether its end was reached.
class EndSpy final : public Source {
public:
  EndSpy(std::unique_ptr<Source> source, bool& has_ended)
      : source_(std::move(source)), has_ended_(has_ended) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = source_->read(out);
    has_ended_ = has_ended_ || n == 0;
    return n;
  }

private:
  std::unique_ptr<Source> source_;
  bool& has_ended_; // of who reads
};

/// Without its path: who reads it knows which layer it is.
std::string detail_of(const Error& error) {
  constexpr std::string_view k_subject = "layer: ";
  const auto& message = error.message();
  return message.starts_with(k_subject) ? message.substr(k_subject.size()) : message;
}

/// The sum of the layer as engines computed it; nothing if it is no tar.
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
    drain(*open(LayerCheck::verify));
    return {};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::integrity) {
      throw;
    }
  }
  if (image.layer_size_bytes == 0) {
    return {Verdict::layer_cut, k_empty};
  }
  const auto unpacked = check_unpacking(open(LayerCheck::none));
  if (unpacked.verdict == Verdict::layer_cut) {
    return unpacked;
  }
  return {Verdict::checksum_wrong, ""};
}

} // namespace

Judgement check_unpacking(std::unique_ptr<Source> layer) {
  bool has_ended = false;
  try {
    const auto unpacked =
        make_decompressed_source(std::make_unique<EndSpy>(std::move(layer), has_ended), "layer");
    TarReader reader(std::make_unique<BorrowedSource>(*unpacked), "layer");
    while (reader.next()) {
    }
    drain(
        *unpacked); // a tar ends before its last bytes, the sums of a compression come behind them
    return {};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return {has_ended ? Verdict::layer_cut : Verdict::layer_damaged, detail_of(error)};
  }
}

Judgement check_layer(const V1Image& image, const OpenLayer& open) {
  if (has_sum(image, k_payload_sum)) {
    return check_payload_sum(image, open);
  }
  if (image.layer_size_bytes == 0) {
    return {Verdict::layer_cut, k_empty};
  }
  if (has_sum(image, k_tarsum)) {
    if (const auto sum = find_tarsum(image, open(LayerCheck::none))) {
      const auto& sums = image.payload_checksums;
      return std::find(sums.begin(), sums.end(), *sum) != sums.end()
                 ? Judgement()
                 : Judgement{Verdict::checksum_wrong, "the tarsum"};
    }
  }
  return check_unpacking(open(LayerCheck::none));
}

} // namespace regctl::ops
