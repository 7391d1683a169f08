// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace regctl::oci {

/// An operating system and a CPU, in Go's words: "linux/arm/v7".
struct Platform {
  std::string os;
  std::string architecture;
  std::string variant;         ///< may be empty
  std::string os_version = {}; ///< of Windows: "10.0.17763.1234"; may be empty
  std::vector<std::string> os_features = {};

  /// Reads "OS/ARCH[/VARIANT]", "ARCH" for Linux, or "host" for this machine; other names of a CPU
  /// (x86_64, aarch64, armhf, …) are taken. Throws Error{usage} for other text, and for a word
  /// alone that is no known CPU.
  static Platform parse(std::string_view text);

  /// The platform of this machine: linux and its CPU.
  static Platform host();

  /// "linux/arm/v7", with os_version in parentheses where it is known.
  [[nodiscard]] std::string to_string() const;

  /// In the words that comparisons use: "aarch64" is "arm64", "arm64/v8" is "arm64", "arm" is
  /// "arm/v7", and no system is "linux". Source: containerd 1.6, platforms/database.go.
  [[nodiscard]] Platform normalized() const;

  /// How well an image for this platform runs on `wanted`, smaller is better: 0 for the same
  /// platform, more for an older variant of its CPU (arm/v6 on arm/v7), most for its 32-bit kin
  /// (386 on amd64, arm on arm64). Nothing if it does not run. Without an os_version in `wanted`
  /// any will do; with one an image for Windows must be of the same build. Source: containerd 1.6,
  /// platforms/compare.go; for arm64/v8.N and v9.N containerd/platforms 1.0.
  [[nodiscard]] std::optional<int> distance_from(const Platform& wanted) const;

  bool operator==(const Platform&) const = default;
};

/// The platforms of a comma-separated list, each once. Throws Error{usage}.
std::vector<Platform> parse_platforms(std::string_view text);

} // namespace regctl::oci
