// SPDX-License-Identifier: Apache-2.0
#include "model/v1/layer_inspection.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/tar.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/model/v1/tarsum.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace regctl {

namespace {

constexpr const char* k_rescue_hint = " --deep finds more; copy --no-verify rescues it";

/// The checksums of one kind.
std::vector<std::string> sums_of(const V1Image& image, std::string_view prefix) {
  std::vector<std::string> sums;
  std::copy_if(image.payload_checksums.begin(), image.payload_checksums.end(),
               std::back_inserter(sums),
               [&](const std::string& sum) { return sum.starts_with(prefix); });
  return sums;
}

/// A layer without a payload checksum.
class InspectedLayer final : public LayerSource {
public:
  InspectedLayer(std::unique_ptr<Source> bytes, const V1Image& image, LayerCheck check,
                 LayerOrigin origin)
      : inspection_(std::make_shared<LayerInspection>(image, check)),
        bytes_(make_unpack_tee(std::move(bytes), inspection_, "the layer")),
        origin_(std::move(origin)), json_(image.json), may_be_empty_(check == LayerCheck::sums) {}

  std::size_t read(std::span<std::byte> out) override {
    const auto n = bytes_->read(out);
    has_bytes_ = has_bytes_ || n > 0;
    if (n == 0 && !out.empty()) {
      const auto problem =
          has_bytes_ || may_be_empty_ ? inspection_->problem() : std::string("has no bytes");
      if (!problem.empty()) {
        throw Error(ErrorKind::integrity, origin_.what + " " + problem,
                    "regctl audit " + origin_.store + k_rescue_hint);
      }
    }
    return n;
  }

  [[nodiscard]] const std::string& original_json() const override { return json_; }

private:
  std::shared_ptr<LayerInspection> inspection_; // shared with the tee
  std::unique_ptr<Source> bytes_;
  LayerOrigin origin_;
  std::string json_;
  const bool may_be_empty_;
  bool has_bytes_ = false;
};

constexpr std::uint64_t k_large_bytes = 1024 * 1024; // from here on, hashing twice is noticeable

/// The beginning of a checksum, long enough to tell two of one kind apart.
std::string short_sum(const std::string& sum) {
  constexpr std::size_t k_digits = 12;
  return sum.substr(sum.find(':') + 1, k_digits);
}

class CheckedLayer final : public LayerSource {
public:
  CheckedLayer(std::unique_ptr<Source> bytes, const V1Image& image, LayerCheck check,
               LayerOrigin origin, std::function<void(const std::string&)> on_match)
      : bytes_(std::move(bytes)), origin_(std::move(origin)), on_match_(std::move(on_match)),
        original_json_(image.json), expected_(payload_sums(image)) {
    if (check == LayerCheck::none || expected_.empty()) {
      return;
    }
    if (image.json_candidates.empty()) {
      add_candidate(image.json);
    }
    const bool is_large = image.layer_size_bytes.value_or(k_large_bytes) >= k_large_bytes;
    for (const auto& json : image.json_candidates) {
      if (check != LayerCheck::verify_likeliest || !is_large || candidates_.empty()) {
        add_candidate(json);
      }
    }
  }

  std::size_t read(std::span<std::byte> out) override {
    if (failed_) {
      fail();
    }
    const auto n = bytes_->read(out);
    if (n == 0) {
      check_at_end();
    }
    for (auto& candidate : candidates_) {
      candidate.hasher.update(out.first(n));
    }
    return n;
  }

  [[nodiscard]] const std::string& original_json() const override { return original_json_; }

private:
  struct Candidate {
    std::string json;
    Sha256 hasher;
  };

  void add_candidate(const std::string& json) {
    candidates_.push_back({json, Sha256()});
    candidates_.back().hasher.update(payload_prefix(json));
  }

  void check_at_end() {
    if (candidates_.empty()) {
      return;
    }
    for (auto& candidate : std::exchange(candidates_, {})) {
      const auto sum = to_digest(candidate.hasher.finish_hex());
      if (std::find(expected_.begin(), expected_.end(), sum) != expected_.end()) {
        original_json_ = candidate.json;
        on_match_(original_json_);
        return;
      }
      if (actual_.empty()) {
        actual_ = sum;
      }
    }
    failed_ = true;
    fail();
  }

  [[noreturn]] void fail() const {
    throw Error(ErrorKind::integrity,
                origin_.what + " has checksum " + short_sum(actual_) + ", not " +
                    short_sum(expected_.front()),
                "regctl audit " + origin_.store + k_rescue_hint);
  }

  std::unique_ptr<Source> bytes_;
  LayerOrigin origin_;
  std::function<void(const std::string&)> on_match_;
  std::string original_json_;
  std::vector<std::string> expected_;
  std::vector<Candidate> candidates_; // empty once checked, or if nothing is to be checked
  std::string actual_;
  bool failed_ = false;
};

/// Records whether the source was read to its end.
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
  bool& has_ended_; // belongs to the caller
};

constexpr const char* k_unpacked = "layer";

/// The message without the prefix k_unpacked: the caller knows which layer it is about.
std::string problem_of(const Error& error) {
  const auto path = k_unpacked + std::string(": ");
  const auto& message = error.message();
  return message.starts_with(path) ? message.substr(path.size()) : message;
}

} // namespace

std::vector<std::string> payload_sums(const V1Image& image) {
  return sums_of(image, k_sha256_prefix);
}

std::vector<std::string> recorded_tarsums(const V1Image& image) {
  return sums_of(image, k_tarsum_prefix);
}

bool has_checksum(const V1Image& image) {
  return !payload_sums(image).empty() || !recorded_tarsums(image).empty();
}

std::unique_ptr<LayerSource> make_layer_source(std::unique_ptr<Source> bytes, const V1Image& image,
                                               LayerCheck check, LayerOrigin origin,
                                               std::function<void(const std::string&)> on_match) {
  const bool is_looked_into =
      check == LayerCheck::sums ? !recorded_tarsums(image).empty() : check != LayerCheck::none;
  if (payload_sums(image).empty() && is_looked_into) {
    return std::make_unique<InspectedLayer>(std::move(bytes), image, check, std::move(origin));
  }
  return std::make_unique<CheckedLayer>(std::move(bytes), image, check, std::move(origin),
                                        std::move(on_match));
}

std::optional<std::string> only_payload_checksum(const V1Image& image) {
  auto sums = payload_sums(image);
  return sums.size() == 1 && image.json_candidates.empty() ? std::optional(std::move(sums.front()))
                                                           : std::nullopt;
}

Unpacking check_unpacking(std::unique_ptr<Source> layer) {
  bool has_ended = false;
  try {
    const auto unpacked =
        make_decompressed_source(std::make_unique<EndSpy>(std::move(layer), has_ended), k_unpacked);
    TarReader reader(std::make_unique<BorrowedSource>(*unpacked), k_unpacked);
    while (reader.next()) {
    }
    drain(*unpacked); // the checksum of the compression comes after the end of the tar
    return {};
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::protocol) {
      throw;
    }
    return {has_ended ? Unpacking::Outcome::cut : Unpacking::Outcome::damaged, problem_of(error)};
  }
}

} // namespace regctl
