// SPDX-License-Identifier: Apache-2.0
#include "base/gzip_decoder.hpp"

#include "base/wide_registers.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace regctl {

namespace {

constexpr std::size_t k_most_bytes = 1U << 30;   // of one call, which counts in 32 bits
constexpr std::uint32_t k_reserved_flags = 0xe0; // RFC 1952 section 2.3.1.2

constexpr std::string_view k_unknown_fault = "no reason given";

std::string_view fault_of(int result) noexcept {
  switch (result) {
  case ISAL_INVALID_BLOCK:
    return "a block is not valid";
  case ISAL_INVALID_SYMBOL:
    return "a code is not valid";
  case ISAL_INVALID_LOOKBACK:
    return "it refers to bytes before its beginning";
  case ISAL_INVALID_WRAPPER:
    return "its header is not valid";
  case ISAL_UNSUPPORTED_METHOD:
    return "its method is unknown";
  case ISAL_INCORRECT_CHECKSUM:
    return "its checksum or its length does not match";
  default:
    return result < 0 ? k_unknown_fault : std::string_view();
  }
}

std::uint8_t* bytes_of(const std::byte* data) noexcept {
  return reinterpret_cast<std::uint8_t*>(const_cast<std::byte*>(data)); // ISA-L writes not there
}

} // namespace

GzipDecoder::GzipDecoder(std::string what) : what_(std::move(what)) {
  ::isal_inflate_init(&state_);
  begin_member();
}

void GzipDecoder::begin_member() noexcept {
  ::isal_inflate_reset(&state_);
  ::isal_gzip_header_init(&header_);
  // isal_inflate() would read the header too, but forgets half a one: ISA-L 2.30.
  state_.crc_flag = ISAL_GZIP_NO_HDR_VER;
  is_in_header_ = true;
}

GzipDecoder::Step GzipDecoder::decode(std::span<const std::byte> packed,
                                      std::span<std::byte> plain) {
  const auto given = std::min(packed.size(), k_most_bytes);
  const auto room = std::min(plain.size(), k_most_bytes);
  state_.next_in = bytes_of(packed.data());
  state_.avail_in = static_cast<std::uint32_t>(given);
  state_.next_out = bytes_of(plain.data());
  state_.avail_out = static_cast<std::uint32_t>(room);
  int result = is_in_header_ ? read_header() : ISAL_DECOMP_OK;
  if (!is_in_header_ && result == ISAL_DECOMP_OK) {
    result = ::isal_inflate(&state_);
    leave_wide_registers();
  }
  Step step{given - state_.avail_in, room - state_.avail_out,
            state_.block_state == ISAL_BLOCK_FINISH, fault_of(result)};
  const bool is_stuck = step.packed_bytes == 0 && step.plain_bytes == 0 && !step.is_member_over;
  if (is_stuck && given > 0 && room > 0 && step.fault.empty()) {
    step.fault = k_unknown_fault;
  }
  return step;
}

int GzipDecoder::read_header() {
  const int result = ::isal_read_gzip_header(&state_, &header_);
  if ((header_.flags & k_reserved_flags) != 0 && state_.tmp_in_size == 0) {
    return ISAL_INVALID_WRAPPER;
  }
  is_in_header_ = result != ISAL_DECOMP_OK;
  return result;
}

void GzipDecoder::check(std::string_view fault) const {
  if (!fault.empty()) {
    throw Error(ErrorKind::protocol,
                what_ + ": the gzip data is damaged (" + std::string(fault) + ")");
  }
}

void GzipDecoder::fail_at_end() const {
  throw Error(ErrorKind::protocol, what_ + ": the gzip data ends too early");
}

} // namespace regctl
