// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <regctl/base/quantity.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace regctl::cli {

/// "0 B", "65.57 kB", "1.093 GB": four digits, units of 1000.
/// Source: docker 1.x, units.HumanSize.
std::string human_size(std::uint64_t size_bytes);
/// The same, but "N/A" for an unknown size.
std::string show_size(const std::optional<std::uint64_t>& size_bytes);
/// A sum in a table: "at least 65.57 kB" if some sizes are unknown, "N/A" if all are.
std::string show_size(const std::optional<SizeSum>& size);
/// A sum in a sentence, with "3 layers of unknown size" for "N/A".
std::string size_of_layers(const SizeSum& size);

/// "3 weeks ago", "About an hour ago"; "N/A" for a malformed RFC 3339 time and for Go's zero time.
/// Source: docker 1.x, units.HumanDuration.
std::string human_age(std::string_view created, std::chrono::system_clock::time_point now);

/// A remaining time: "0:07", "1:02:03".
std::string human_duration(std::chrono::seconds duration);

/// "2014-05-13 16:53" in UTC; the number alone for years of more than four digits.
std::string show_time(std::int64_t seconds_since_1970);

} // namespace regctl::cli
