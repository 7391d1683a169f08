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

// The CPUs that Go knows, so that a word alone is a CPU or a mistake. Source: containerd/platforms
// 1.0, database.go.
constexpr std::array<std::string_view, 23> k_architectures = {
    "386",     "amd64",  "amd64p32", "arm",      "armbe",     "arm64",       "arm64be", "loong64",
    "mips",    "mipsle", "mips64",   "mips64le", "mips64p32", "mips64p32le", "ppc",     "ppc64",
    "ppc64le", "riscv",  "riscv64",  "s390",     "s390x",     "sparc64",     "wasm",
};

/// The version of a CPU that a variant names: 8 and 2 of "v8.2".
struct CpuVersion {
  int major = 0;
  int minor = 0;
};

/// Nothing for a variant that is no version. Without a variant a CPU is the first of its kind, and
/// the eighth of arm64.
std::optional<CpuVersion> version_of(const Platform& platform) {
  std::string_view variant = platform.variant;
  if (variant.empty()) {
    return CpuVersion{platform.architecture == "arm64" ? 8 : 1};
  }
  if (!variant.starts_with('v')) {
    return std::nullopt;
  }
  variant.remove_prefix(1);
  const auto dot = std::min(variant.find('.'), variant.size());
  const auto major = parse_whole_number<int>(variant.substr(0, dot));
  const auto minor =
      dot == variant.size() ? std::optional(0) : parse_whole_number<int>(variant.substr(dot + 1));
  constexpr int k_largest = 9; // of all CPUs that there are
  if (!major || !minor || *major < 0 || *major > k_largest || *minor < 0 || *minor > k_largest) {
    return std::nullopt;
  }
  return CpuVersion{*major, *minor};
}

/// How many versions the CPU `wanted` is newer than `have`, both of one architecture; nothing if it
/// does not run what was made for that one.
std::optional<int> newer_by(const Platform& wanted, const Platform& have) {
  const auto& cpu = wanted.architecture;
  const auto newer = version_of(wanted);
  const auto older = version_of(have);
  if (!newer || !older || (cpu != "arm" && cpu != "arm64" && cpu != "amd64")) {
    return std::nullopt;
  }
  int distance = newer->minor - older->minor;
  if (cpu == "arm64" && newer->major == 9 && older->major == 8) {
    // The ninth was made from v8.5: v9.1 runs what v8.6 runs.
    distance = older->minor > newer->minor + 5 ? -1 : newer->minor + 1 + 5 + distance;
  } else if (newer->major != older->major) {
    const bool is_line = cpu != "arm64" && newer->minor == 0 && older->minor == 0;
    distance = is_line ? newer->major - older->major : -1;
  }
  return distance < 0 ? std::nullopt : std::optional(distance);
}

[[noreturn]] void throw_malformed(std::string_view text) {
  throw Error(ErrorKind::usage, "'" + excerpt(text) + "' is no platform",
              "write OS/ARCH[/VARIANT], as in linux/amd64 or linux/arm/v7, or 'host'");
}

/// An image for Windows runs on the same build of Windows: "10.0.17763.1" on "10.0.17763.1234" and
/// "10.0.17763".
bool is_same_build(std::string_view a, std::string_view b) {
  const auto build = [](std::string_view version) {
    std::size_t end = 0;
    for (int parts = 0; parts < 3 && end < version.size(); ++parts) {
      end = std::min(version.find('.', end + 1), version.size());
    }
    return version.substr(0, end);
  };
  return build(a) == build(b);
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
    const auto cpu = Platform{"linux", parts[0], ""}.normalized();
    if (std::find(k_architectures.begin(), k_architectures.end(), cpu.architecture) ==
        k_architectures.end()) {
      throw_malformed(text);
    }
    return cpu;
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
  platform.os = os.empty() ? "linux" : lower(os); // what Docker takes old images for
  if (platform.os == "macos") {
    platform.os = "darwin";
  }
  platform.architecture = lower(architecture);
  platform.variant = lower(variant);
  for (const auto& other : k_other_names) {
    if (platform.architecture == other.name) {
      platform.architecture = other.architecture;
      if (!other.variant.empty() || other.architecture == "386") {
        platform.variant = other.variant;
      }
      break;
    }
  }
  auto& name = platform.variant;
  if (is_all_digits(name)) {
    name.insert(0, "v");
  }
  if ((platform.architecture == "arm64" && name == "v8") ||
      (platform.architecture == "amd64" && name == "v1")) {
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
  if (want.os == "windows" && !want.os_version.empty() && !have.os_version.empty() &&
      !is_same_build(have.os_version, want.os_version)) {
    return std::nullopt;
  }
  if (have.architecture == want.architecture && have.variant == want.variant) {
    return 0;
  }
  if (have.architecture == want.architecture) {
    return newer_by(want, have);
  }
  // 64-bit CPUs run the programs of their 32-bit kin.
  constexpr int k_other_cpu = 100;
  if (want.architecture == "arm64" && have.architecture == "arm") {
    const auto distance = newer_by({"linux", "arm", "v8"}, have);
    return distance ? std::optional(k_other_cpu + *distance) : std::nullopt;
  }
  if (want.architecture == "amd64" && have.architecture == "386" && have.variant.empty()) {
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
