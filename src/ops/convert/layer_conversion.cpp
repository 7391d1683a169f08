// SPDX-License-Identifier: Apache-2.0
#include "ops/convert/layer_conversion.hpp"

#include "ops/convert/layer_damage.hpp"
#include "ops/transfer/second_attempt.hpp"

#include <regctl/base/compression.hpp>
#include <regctl/base/error.hpp>
#include <regctl/base/gzip_pass.hpp>
#include <regctl/base/hash.hpp>
#include <regctl/base/tar_walk.hpp>
#include <regctl/model/digest.hpp>
#include <regctl/model/v1/layer.hpp>
#include <regctl/ops/problem.hpp>

#include <array>
#include <atomic>
#include <utility>

namespace regctl::ops {

namespace {

/// So much of an unpacked layer is looked at before anything is sent: real ones show another byte
/// than zero in their first block.
constexpr std::uint64_t k_look_ahead_bytes = 64 * 1024;

/// What is learnt of a layer while it passes by.
struct Seen {
  Sha256 sum;
  TarWalk walk;
  GzipPass gzip;
  std::uint64_t unpacked_bytes = 0;
  std::atomic<std::uint64_t> packed_bytes = 0;
  Compression compression = Compression::none;
  std::string diff_id; ///< after the end
  std::string json;    ///< after the end
};

/// Runs `body`, which reads the layer of an image at the source and writes nothing.
template <class Body>
auto with_bad_layer_told(const ConvertRoute& route, const std::string& id, Body&& body) {
  try {
    return std::forward<Body>(body)();
  } catch (const Error& error) {
    const bool is_of_layer = error.kind() == ErrorKind::local_io || is_damage(error.kind());
    if (is_of_layer && route.on_bad_layer) {
      route.on_bad_layer(id, error.kind());
    }
    throw;
  }
}

/// The bytes of a layer as they are to be sent, up to their verified end.
class ConvertingSource final : public Source {
public:
  ConvertingSource(const ConvertRoute& route, const V1Image& image, Progress::Task task)
      : route_(route), id_(image.id),
        what_("the layer of image " + short_id(image.id) + " of " + route.source.describe()) {
    with_bad_layer_told(route_, id_, [&] { begin(image, task); });
  }

  std::size_t read(std::span<std::byte> out) override {
    return with_bad_layer_told(route_, id_, [&] { return read_some(out); });
  }

  /// Whether the layer is known to be empty. After the look-ahead, or after the end.
  [[nodiscard]] bool is_blank() const noexcept { return is_over_ && seen_.walk.is_blank(); }

  [[nodiscard]] const Seen& seen() const noexcept { return seen_; }

  /// Where the bytes are kept, if they pass unchanged as far as they were read.
  [[nodiscard]] std::shared_ptr<const LayerAtRest> at_rest() const {
    const bool is_kept =
        seen_.compression == Compression::gzip
            ? !seen_.gzip.has_trailing_bytes
            : seen_.compression == Compression::none && route_.form == OciForm::oci;
    return is_kept ? layer_->at_rest() : nullptr;
  }

private:
  static constexpr std::size_t k_head_bytes = 6;

  std::size_t read_some(std::span<std::byte> out) {
    if (passed_ < held_.size()) {
      const auto n = copy_some(as_bytes(held_).subspan(passed_), out);
      passed_ += n;
      return n;
    }
    if (is_over_) {
      return 0;
    }
    const auto n = with_damage_named([&] { return bytes_->read(out); });
    if (n == 0) {
      end();
      if (is_blank()) { // what was sent already must not become a blob
        throw Error(ErrorKind::integrity, what_ + " is empty");
      }
    }
    return n;
  }

  /// Whether the layer can be unpacked is seen here, by the rules of conversions.
  static LayerCheck check_of(const ConvertRoute& route) noexcept {
    return route.check == LayerCheck::verify ? LayerCheck::sums : route.check;
  }

  void begin(const V1Image& image, Progress::Task task) {
    layer_ = route_.source.open_layer(image, check_of(route_));
    auto stored =
        make_tap_source(std::make_unique<BorrowedSource>(*layer_), [this, task](auto piece) {
          seen_.packed_bytes += piece.size();
          route_.session.progress().advance(task, piece.size());
        });
    stored = make_limited_source(std::move(stored), route_.limits);
    std::string head(k_head_bytes, '\0');
    head.resize(read_fully(*stored, std::as_writable_bytes(std::span(head))));
    seen_.compression = detect_compression(as_bytes(head));
    open(make_concat_source(make_text_source(std::move(head)), std::move(stored)));
    look_ahead();
  }

  void open(std::unique_ptr<Source> stored) {
    const auto tap = [this](std::span<const std::byte> piece) {
      seen_.sum.update(piece);
      seen_.walk.take(piece);
      seen_.unpacked_bytes += piece.size();
    };
    if (seen_.compression == Compression::gzip) {
      bytes_ = make_gzip_pass(std::move(stored), tap, seen_.gzip, what_);
      return;
    }
    if (seen_.compression != Compression::none) {
      stored = make_decompressed_source(std::move(stored), what_);
    }
    bytes_ = make_tap_source(std::move(stored), tap);
    if (seen_.compression != Compression::none || route_.form == OciForm::docker) {
      bytes_ = make_gzip_source(std::move(bytes_));
    }
  }

  void look_ahead() {
    std::array<std::byte, 4096> piece{};
    while (!is_over_ && seen_.walk.is_blank() && seen_.unpacked_bytes < k_look_ahead_bytes) {
      const auto n = with_damage_named([&] { return bytes_->read(piece); });
      held_.append(reinterpret_cast<const char*>(piece.data()), n);
      if (n == 0) {
        end();
      }
    }
  }

  void end() {
    is_over_ = true;
    seen_.diff_id = to_digest(seen_.sum.finish_hex());
    seen_.json = layer_->original_json();
    finish_layer_walk(seen_.walk, what_);
  }

  const ConvertRoute& route_;
  std::string id_;
  std::string what_;
  std::unique_ptr<LayerSource> layer_;
  Seen seen_;
  std::unique_ptr<Source> bytes_; // reads layer_, fills seen_
  std::string held_;
  std::size_t passed_ = 0;
  bool is_over_ = false;
};

std::string media_type(const Seen& seen, OciForm form) {
  if (form == OciForm::docker) {
    return std::string(oci::k_docker_layer);
  }
  return std::string(seen.compression == Compression::none ? oci::k_oci_layer
                                                           : oci::k_oci_layer_gzip);
}

/// What reports say of the layer.
std::set<std::string> notes_of(const Seen& seen, const V1Image& image, const ConvertRoute& route) {
  std::set<std::string> notes;
  const auto note = [&](bool is_so, const char* word) {
    if (is_so) {
      notes.insert(word);
    }
  };
  const bool has_sum = has_checksum(image) && !payload_sums(image).empty();
  note(!route.proves_layers && (route.check == LayerCheck::none || !has_sum), "unverified");
  note(image.has_old_checksum, "checksum-old-form");
  note(seen.gzip.has_trailing_bytes, "trailing-bytes");
  if (!seen.walk.is_blank()) {
    note(seen.compression != Compression::none && seen.compression != Compression::gzip,
         "recompressed");
    note(seen.walk.lacks_end(), "no-end-of-archive");
    note(seen.walk.has_bytes_behind(), "bytes-behind-the-tar");
    note(seen.walk.has_aufs_entry(), "aufs-metadata");
    note(seen.walk.has_gnu_sparse(), "gnu-sparse");
  }
  return notes;
}

LayerConversion send(const ConvertRoute& route, const V1Image& image, Progress::Task task,
                     const std::function<void(const std::string&)>& on_obstacle) {
  auto first = std::make_unique<ConvertingSource>(route, image, task);
  const ConvertingSource* latest = first.get();
  std::unique_ptr<Source> kept; // the last one that was opened must outlive its reader
  LayerConversion result;
  if (!first->is_blank()) {
    const auto open = [&]() -> std::unique_ptr<Source> {
      if (!first) {
        route.session.progress().restart(task);
        first = std::make_unique<ConvertingSource>(route, image, task);
        latest = first.get();
      }
      kept = std::move(first);
      return std::make_unique<BorrowedSource>(*kept);
    };
    try {
      const auto put = route.destination.put_blob(
          {std::nullopt, std::nullopt, open, [&] { return latest->at_rest(); }, on_obstacle});
      route.places.add(put.digest, route.destination_name);
      result.layer.blob = oci::Descriptor{.media_type = media_type(latest->seen(), route.form),
                                          .digest = put.digest,
                                          .size_bytes = put.size_bytes};
    } catch (const Error&) {
      if (!latest->is_blank()) {
        throw;
      }
    }
  }
  const auto& seen = latest->seen();
  result.bytes = seen.packed_bytes;
  result.layer.diff_id = seen.diff_id;
  result.layer.notes = notes_of(seen, image, route);
  result.is_packed_here = result.layer.blob && seen.compression != Compression::gzip &&
                          result.layer.blob->media_type != oci::k_oci_layer;
  if (seen.json != image.json) {
    result.layer.json = seen.json;
  }
  return result;
}

} // namespace

LayerConversion convert_layer(const ConvertRoute& route, const V1Image& image,
                              const std::function<void(const std::string&)>& on_obstacle) {
  auto& progress = route.session.progress();
  const auto task = progress.begin(image.id, route.verb, image.layer_size_bytes);
  try {
    const auto run = [&](ReadAttempt) { return send(route, image, task, on_obstacle); };
    auto result = run_twice_if_damaged(run, [&] {
      if (route.takes_first_attempt) {
        return false;
      }
      if (!route.is_silent && route.verb != Progress::Verb::reading) {
        progress.note(words_for_second_attempt("the layer of image " + short_id(image.id)));
      }
      progress.restart(task);
      return true;
    });
    progress.finish(task);
    return result;
  } catch (...) {
    progress.fail(task);
    throw;
  }
}

oci::Platform assumed_platform(const std::vector<oci::Platform>& named) {
  return named.size() == 1 ? named.front() : usual_platform();
}

std::string empty_layer_gzip() {
  static constexpr unsigned char k_bytes[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x09, 0x6e, 0x88,
                                              0x00, 0xff, 0x62, 0x18, 0x05, 0xa3, 0x60, 0x14,
                                              0x8c, 0x58, 0x00, 0x08, 0x00, 0x00, 0xff, 0xff,
                                              0x2e, 0xaf, 0xb5, 0xef, 0x00, 0x04, 0x00, 0x00};
  return {reinterpret_cast<const char*>(k_bytes), sizeof(k_bytes)};
}

} // namespace regctl::ops
