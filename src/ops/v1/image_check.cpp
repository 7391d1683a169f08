// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/image_check.hpp"

#include "ops/transfer/second_attempt.hpp"
#include "ops/v1/finding_words.hpp"
#include "ops/v1/layer_check.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/v1/difference.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <utility>

namespace regctl::ops {

namespace {

using Where = Finding::Where;

/// Adds the exact JSON text of one side to the candidates of the other side, which re-encodes JSON
/// and may have received this text. The payload checksum decides whether it did.
void trust_each_other(V1Image& a, V1Image& b) {
  auto& candidates = a.json_candidates.empty() ? b.json_candidates : a.json_candidates;
  const auto& json = a.json_candidates.empty() ? a.json : b.json;
  std::erase(candidates, json);
  candidates.insert(candidates.begin(), json);
}

/// Facts about a layer that was read.
struct LayerFacts {
  std::string json; ///< the JSON as it was pushed
  std::string sum;  ///< SHA-256 of the compared bytes; empty if nothing is compared
};

enum class Compared { nothing, stored_bytes, unpacked_bytes };

/// The fault for a verdict of check_layer().
Fault to_fault(Verdict verdict) noexcept {
  switch (verdict) {
  case Verdict::layer_cut:
    return Fault::layer_cut;
  case Verdict::checksum_wrong:
    return Fault::checksum_wrong;
  default:
    return Fault::layer_damaged;
  }
}

class ImageCheck {
public:
  ImageCheck(Session& session, const std::string& id, const VerifyOptions& options)
      : session_(session), id_(id), options_(options) {}

  ImageReport check(const CheckedSide& a, const CheckedSide* b) {
    auto at_a = look(a);
    if (at_a) {
      report_.is_readable = true;
      report_.parent = parse_v1_image(at_a->json).parent;
    }
    auto at_b = b != nullptr ? look(*b) : std::nullopt;
    if (at_a && at_b) {
      compare_records(a, *at_a, *b, *at_b);
      if (print_the_same_json(*at_a, *at_b)) {
        trust_each_other(*at_a, *at_b);
      }
    }
    const auto compared = b == nullptr || !at_a || !at_b ? Compared::nothing
                          : a.holds_pushed_layers && b->holds_pushed_layers
                              ? Compared::stored_bytes
                              : Compared::unpacked_bytes;
    const auto layer_a = at_a ? read_layer(a, *at_a, compared) : std::nullopt;
    const auto layer_b = at_b ? read_layer(*b, *at_b, compared) : std::nullopt;
    if (layer_a && layer_b) {
      compare_layers(*layer_a, *layer_b);
    }
    return std::move(report_);
  }

private:
  void find(Fault fault, Where where, std::string detail = {}) {
    report_.findings.push_back({fault, where, id_, std::move(detail)});
  }

  /// Adds the finding for the exception being handled. Only to be called in a handler.
  void find_error(const CheckedSide& side, Fault if_broken) {
    const auto problem = std::current_exception();
    const auto fault = fault_of(problem, if_broken);
    find(fault, side.where, explain(problem).message);
    if (fault == Fault::not_looked_at) {
      report_.problems.push_back(problem);
    }
  }

  std::optional<V1Image> look(const CheckedSide& side) {
    try {
      auto answer = side.repository.look_up(id_);
      if (answer.state == V1ImageState::complete) {
        if (const auto named = parse_v1_image(answer.image.json).id; named != id_) {
          find(Fault::json_damaged, side.where, words_for_other_image(named));
          return std::nullopt;
        }
        return std::move(answer.image);
      }
      if (answer.state == V1ImageState::absent) {
        find(Fault::parent_missing, side.where);
      } else {
        find(Fault::dead_upload, side.where, k_never_completed);
      }
    } catch (const Error&) {
      find_error(side, Fault::json_damaged);
    }
    return std::nullopt;
  }

  void compare_records(const CheckedSide& side_a, const V1Image& a, const CheckedSide& side_b,
                       const V1Image& b) {
    const auto sums_a = payload_sums(a);
    const auto sums_b = payload_sums(b);
    const bool is_proven = have_common(sums_a, sums_b) && print_the_same_json(a, b);
    if (!have_common_json(a, b) && !is_proven) {
      find(Fault::json_differs, Where::between);
    }
    if (!side_a.holds_pushed_layers || !side_b.holds_pushed_layers) {
      return;
    }
    if (a.layer_size_bytes && b.layer_size_bytes && a.layer_size_bytes != b.layer_size_bytes) {
      find(Fault::size_differs, Where::between,
           std::to_string(*a.layer_size_bytes) + " and " + std::to_string(*b.layer_size_bytes) +
               " bytes");
    }
    if (!sums_a.empty() && !sums_b.empty() && !have_common(sums_a, sums_b)) {
      find(Fault::checksum_differs, Where::between, sums_a.front() + " and " + sums_b.front());
    }
  }

  void compare_layers(const LayerFacts& a, const LayerFacts& b) {
    const bool is_known =
        std::any_of(report_.findings.begin(), report_.findings.end(),
                    [](const Finding& finding) { return finding.fault == Fault::json_differs; });
    if (a.json != b.json && !is_known) {
      find(Fault::json_differs, Where::between);
    }
    if (a.sum != b.sum) {
      find(Fault::layer_differs, Where::between);
    }
  }

  /// Nothing if the layer is not read, or is bad.
  std::optional<LayerFacts> read_layer(const CheckedSide& side, const V1Image& image,
                                       Compared compared) {
    const bool has_sum = !payload_sums(image).empty();
    const bool is_empty = image.layer_size_bytes == 0;
    report_.sizes_unknown += !image.layer_size_bytes && !options_.deep;
    report_.sums_unknown += !has_sum && side.holds_pushed_layers;
    if (!options_.deep && !is_empty) {
      return std::nullopt;
    }
    try {
      if (!has_sum) {
        std::uint64_t bytes = 0;
        auto layer = check_layer(image, [&](LayerCheck check) {
          bytes = 0;
          return make_tap_source(side.repository.open_layer(image, check),
                                 [&bytes](auto seen) { bytes += seen.size(); });
        });
        if (layer.verdict != Verdict::sound) {
          find(to_fault(layer.verdict), side.where, std::move(layer.detail));
          return std::nullopt;
        }
        if (compared == Compared::nothing) {
          ++report_.layers_read;
          report_.bytes_read += bytes;
          return std::nullopt;
        }
      }
      return read_layer_bytes(side, image, compared);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::integrity) {
        auto found = judge_wrong_sum(
            image, [&](LayerCheck check) { return side.repository.open_layer(image, check); });
        find(to_fault(found.verdict), side.where, std::move(found.detail));
      } else {
        find_error(side, Fault::layer_damaged);
      }
      return std::nullopt;
    }
  }

  LayerFacts read_layer_bytes(const CheckedSide& side, const V1Image& image, Compared compared) {
    auto& progress = session_.progress();
    SizeSum size;
    size.add(image.layer_size_bytes);
    progress.expect(1, size);
    const auto task = progress.begin(id_, Progress::Verb::reading, image.layer_size_bytes);
    try {
      const auto run = [&](ReadAttempt attempt) {
        const bool is_first = attempt == ReadAttempt::first;
        return read(side, image, is_first ? LayerCheck::verify_likeliest : LayerCheck::verify,
                    compared, task);
      };
      auto facts = run_twice_if_damaged(run, [&] {
        progress.restart(task);
        return true;
      });
      progress.finish(task);
      ++report_.layers_read;
      return facts;
    } catch (...) {
      progress.fail(task);
      throw;
    }
  }

  LayerFacts read(const CheckedSide& side, const V1Image& image, LayerCheck check,
                  Compared compared, Progress::Task task) {
    const auto layer = side.repository.open_layer(image, check);
    Sha256 sum;
    const auto stored = make_tap_source(std::make_unique<BorrowedSource>(*layer), [&](auto seen) {
      report_.bytes_read += seen.size();
      session_.progress().advance(task, seen.size());
      if (compared == Compared::stored_bytes) {
        sum.update(seen);
      }
    });
    if (compared == Compared::unpacked_bytes) {
      auto unpacked = make_decompressed_source(std::make_unique<BorrowedSource>(*stored), "layer");
      drain(*make_tap_source(std::move(unpacked), [&](auto seen) { sum.update(seen); }));
    }
    drain(*stored);
    return {layer->original_json(), compared == Compared::nothing ? "" : sum.finish_hex()};
  }

  Session& session_;
  const std::string& id_;
  const VerifyOptions& options_;
  ImageReport report_;
};

} // namespace

Fault fault_of(const std::exception_ptr& problem, Fault if_broken) {
  try {
    std::rethrow_exception(problem);
  } catch (const Error& error) {
    switch (error.kind()) {
    case ErrorKind::interrupted:
      throw;
    case ErrorKind::not_found:
      return Fault::layer_missing;
    case ErrorKind::protocol:
    case ErrorKind::integrity:
      return if_broken;
    default:
      return Fault::not_looked_at;
    }
  }
}

ImageReport check_image(Session& session, const CheckedSide& a, const CheckedSide* b,
                        const std::string& id, const VerifyOptions& options) {
  return ImageCheck(session, id, options).check(a, b);
}

} // namespace regctl::ops
