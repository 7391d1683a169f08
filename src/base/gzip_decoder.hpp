// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <isa-l/igzip_lib.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace regctl {

/// Unpacks gzip members, one after the other. Errors are Error{protocol} "WHAT: the gzip data …".
/// Not thread-safe.
class GzipDecoder {
public:
  explicit GzipDecoder(std::string what);

  /// The next byte is the first one of a member.
  void begin_member() noexcept;

  struct Step {
    std::size_t packed_bytes = 0; ///< taken
    std::size_t plain_bytes = 0;  ///< made
    bool is_member_over = false;
    std::string_view fault = {}; ///< of what comes after the bytes that were made; empty: none
  };
  /// Unpacks what `packed` begins with into `plain`. A step that fills `plain` may have more to
  /// give, even if it has taken all of `packed`.
  Step decode(std::span<const std::byte> packed, std::span<std::byte> plain);

  /// Throws for a fault.
  void check(std::string_view fault) const;

  /// To be called where `packed` ends within a member.
  [[noreturn]] void fail_at_end() const;

private:
  int read_header();

  std::string what_;
  inflate_state state_;
  isal_gzip_header header_{};
  bool is_in_header_ = true;
};

} // namespace regctl
