// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/visible.hpp>
#include <regctl/base/whole_number.hpp>
#include <regctl/model/oci/platform.hpp>

#include <sys/utsname.h>

#include <algorithm>
#include <array>

namespace regctl::oci {

namespace {

struct OtherName {
  std::string_view name;
  std::string_view architecture;
  std::string_view variant;
};

// What uname, Debian and old images call these CPUs.
constexpr std::array<OtherName, 11> k_other_names = {{
    {"x86_64", "amd64", ""},
    {"x86-64", "amd64", ""},
    {"i386", "386", ""},
    {"i686", "386", ""},
    {"aarch64", "arm64", ""},
    {"armv8l", "arm", "v8"},
    {"armhf", "arm", "v7"},
    {"armv7l", "arm", "v7"},
    {"armel", "arm", "v6"},
    {"armv6l", "arm", "v6"},
    {"ppc64el", "ppc64le", ""},
}};

bool is_word(std::string_view text) {
  return !text.empty() && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_.-") ==
                              std::string_view::npos;
}

/// The number of a variant: 7 of "v7".
std::optional<int> number_of(std::string_view variant) {
  return variant.starts_with('v') ? parse_whole_number<int>(variant.substr(1)) : std::nullopt;
}

[[noreturn]] void throw_malformed(std::string_view text) {
  throw Error(ErrorKind::usage, "'" + excerpt(text) + "' is no platform",
              "write OS/ARCH[/VARIANT], as in linux/amd64 or linux/arm/v7, or 'host'");
}

/// An image for Windows runs on the same build of Windows: "10.0.17763.1" on "10.0.17763.1234".
bool is_same_build(std::string_view a, std::string_view b) {
  const auto build = [](std::string_view version) {
    return version.substr(0, std::min(version.rfind('.'), version.size()));
  };
  return a == b || build(a) == build(b);
}

} // namespace

Platform Platform::parse(std::string_view text) {
  if (text == "host") {
    return host();
  }
  const auto lowered = lower(text);
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= lowered.size();) {
    const auto end = std::min(lowered.find('/', begin), lowered.size());
    parts.push_back(lowered.substr(begin, end - begin));
    begin = end + 1;
  }
  if (parts.size() > 3 || !std::all_of(parts.begin(), parts.end(), is_word)) {
    throw_malformed(text);
  }
  if (parts.size() == 1) { // a CPU alone; a system alone would leave the CPU open
    if (parts[0] == "linux" || parts[0] == "windows" || parts[0] == "darwin") {
      throw_malformed(text);
    }
    parts.insert(parts.begin(), "linux");
  }
  return Platform{parts[0], parts[1], parts.size() > 2 ? parts[2] : ""}.normalized();
}

Platform Platform::host() {
  utsname names = {};
  if (::uname(&names) != 0) {
    return {"linux", "amd64", ""};
  }
  return Platform{"linux", names.machine, ""}.normalized();
}

std::string Platform::to_string() const {
  auto text = os + "/" + architecture;
  if (!variant.empty()) {
    text += "/" + variant;
  }
  if (!os_version.empty()) {
    text += " (" + os_version + ")";
  }
  return text;
}

Platform Platform::normalized() const {
  auto platform = *this;
  platform.os = os == "macos" ? "darwin" : lower(os);
  platform.architecture = lower(architecture);
  platform.variant = lower(variant);
  for (const auto& other : k_other_names) {
    if (platform.architecture == other.name) {
      platform.architecture = other.architecture;
      if (platform.variant.empty()) {
        platform.variant = other.variant;
      }
      break;
    }
  }
  auto& name = platform.variant;
  if (!name.empty() && name.find_first_not_of("0123456789") == std::string::npos) {
    name.insert(0, "v");
  }
  if (platform.architecture == "arm64" && name == "v8") {
    name.clear();
  } else if (platform.architecture == "amd64" && name == "v1") {
    name.clear();
  } else if (platform.architecture == "arm" && name.empty()) {
    name = "v7";
  }
  return platform;
}

std::optional<int> Platform::distance_from(const Platform& wanted) const {
  const auto have = normalized();
  const auto want = wanted.normalized();
  if (have.os != want.os) {
    return std::nullopt;
  }
  if (!want.os_version.empty() && !have.os_version.empty() &&
      !is_same_build(have.os_version, want.os_version)) {
    return std::nullopt;
  }
  if (have.architecture == want.architecture && have.variant == want.variant) {
    return 0;
  }
  // A CPU runs what was made for an older variant of it; without a name it is the first one, and
  // the eighth of arm64.
  const auto& cpu = want.architecture;
  const int unnamed = cpu == "arm64" ? 8 : 1;
  const auto number = [&](const Platform& platform) {
    return platform.variant.empty() ? std::optional(unnamed) : number_of(platform.variant);
  };
  const auto newest = number(want);
  const auto given = number(have);
  constexpr int k_other_cpu = 100;
  if (have.architecture == cpu) {
    const bool is_scale = cpu == "arm" || cpu == "arm64" || cpu == "amd64";
    return is_scale && newest && given && *given <= *newest ? std::optional(*newest - *given)
                                                            : std::nullopt;
  }
  if (cpu == "arm64" && have.architecture == "arm" && given && *given <= 8) {
    return k_other_cpu + 8 - *given;
  }
  if (cpu == "amd64" && have.architecture == "386") {
    return k_other_cpu;
  }
  return std::nullopt;
}

std::vector<Platform> parse_platforms(std::string_view text) {
  std::vector<Platform> platforms;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    auto platform = Platform::parse(text.substr(begin, end - begin));
    if (std::find(platforms.begin(), platforms.end(), platform) == platforms.end()) {
      platforms.push_back(std::move(platform));
    }
    begin = end + 1;
  }
  return platforms;
}

} // namespace regctl::oci
