// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace regctl {

// The written form of a SHA-256, as a digest and as a payload checksum of v1.

inline constexpr std::string_view k_sha256_prefix = "sha256:";

/// "sha256:" and the hex digits.
std::string to_digest(std::string_view hex);

/// Whether `text` is "sha256:" and 64 lower-case hex digits.
bool is_digest(std::string_view text) noexcept;

/// The hex digits of such a text.
std::string_view digits_of(std::string_view digest) noexcept;

} // namespace regctl
