// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace regctl {

/// A pull stream of bytes. Every transformation (hashing, verifying, unpacking, counting) is a
/// Source around a Source, so that reading a verified source is verifying it. Not thread-safe.
class Source {
public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;

  /// Puts 1 to `out.size()` bytes into `out` and returns how many. Returns 0 only at the end, and
  /// then at every further call. `out` must not be empty. Blocks until at least one byte is there.
  /// Throws Error; after that the source must not be used, or throws again.
  virtual std::size_t read(std::span<std::byte> out) = 0;

  /// Skips up to `bytes` bytes and returns how many: fewer only at the end. Reads and drops them
  /// unless the source has a faster way.
  virtual std::uint64_t skip(std::uint64_t bytes);
};

/// Opens the same bytes again from the start at every call, for bodies that may have to be sent
/// twice. May be called from any thread.
using OpenSource = std::function<std::unique_ptr<Source>()>;

/// A push stream of bytes: a file, an archive being written. Not thread-safe.
class Sink {
public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// Takes all of `bytes` or throws Error (local_io for a full disk or a broken pipe).
  virtual void write(std::span<const std::byte> bytes) = 0;
};

/// The size of every buffer between a source and a sink.
inline constexpr std::size_t k_buffer_bytes = 128 * 1024;

/// Writes all of `source` to `sink`; returns the number of bytes. Checks for interruption.
std::uint64_t pump(Source& source, Sink& sink);

/// Reads `source` to its end without keeping the bytes; returns their number.
std::uint64_t drain(Source& source);

/// Copies as many bytes of `from` as fit into `out`; returns their number. Either may be empty.
std::size_t copy_some(std::span<const std::byte> from, std::span<std::byte> out) noexcept;

/// Whether all bytes are zero; true for no bytes.
bool is_zero(std::span<const std::byte> bytes) noexcept;

/// Reads until `out` is full or the source ends; returns the number of bytes put into `out`.
std::size_t read_fully(Source& source, std::span<std::byte> out);

/// All bytes of `source`. Throws Error{protocol} "WHAT is larger than N bytes" past `limit_bytes`,
/// having read no more than one buffer beyond it.
std::string read_text(Source& source, std::uint64_t limit_bytes, std::string_view what);

/// The bytes of `text`.
std::unique_ptr<Source> make_text_source(std::string text);

/// Without a copy: `text` must outlive the source.
std::unique_ptr<Source> make_view_source(std::string_view text);

/// The sources one after the other.
std::unique_ptr<Source> make_concat_source(std::unique_ptr<Source> first,
                                           std::unique_ptr<Source> second);

/// Calls `tap` with each piece that is read from `source`, before the reader gets it. For hashing
/// on the way and for progress.
std::unique_ptr<Source> make_tap_source(std::unique_ptr<Source> source,
                                        std::function<void(std::span<const std::byte>)> tap);

/// A view of a source that the caller keeps, for a function that takes ownership of its source.
class BorrowedSource final : public Source {
public:
  /// `source` must outlive this.
  explicit BorrowedSource(Source& source) : source_(source) {}
  std::size_t read(std::span<std::byte> out) override { return source_.read(out); }

private:
  Source& source_;
};

/// The promised size and checksum of a body; any of them may be absent. `sha256_hex` is 64
/// lower-case hex digits over `prefix` and then the body; `sha512_hex` is 128 digits over the body.
struct ExpectedBytes {
  std::optional<std::uint64_t> size_bytes = {};
  std::optional<std::string> sha256_hex = {};
  std::string prefix = {}; ///< hashed before the body (v1's payload sum: the JSON and "\n")
  std::optional<std::string> sha512_hex = {};
};

/// Passes `source` through. Throws Error{integrity} "WHAT …" instead of ending if the bytes are not
/// `expected`; a body that is too long fails at the first byte too many.
std::unique_ptr<Source> make_verified_source(std::unique_ptr<Source> source, ExpectedBytes expected,
                                             std::string what);

/// The bytes of `text` as a span, for hashing and writing.
inline std::span<const std::byte> as_bytes(std::string_view text) noexcept {
  return std::as_bytes(std::span(text.data(), text.size()));
}

} // namespace regctl
