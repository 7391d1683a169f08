// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/model/place.hpp>

#include <algorithm>
#include <array>
#include <filesystem>

namespace regctl {

namespace {

struct Scheme {
  std::string_view prefix;
  Place::Kind kind;
};

constexpr std::array<Scheme, 5> k_schemes = {{
    {"docker-archive:", Place::Kind::docker_archive},
    {"docker-daemon:", Place::Kind::docker_daemon},
    {"oci-archive:", Place::Kind::oci_archive},
    {"oci:", Place::Kind::oci_layout},
    {"v1-storage:", Place::Kind::v1_storage},
}};

bool looks_like_archive(std::string_view text) {
  if (text.starts_with("docker://")) {
    return false;
  }
  constexpr std::array<std::string_view, 3> k_beginnings = {"/", "./", "../"};
  constexpr std::array<std::string_view, 6> k_endings = {".tar",     ".tgz",    ".tar.gz",
                                                         ".tar.zst", ".tar.xz", ".tar.bz2"};
  std::error_code ignored;
  return text == "-" ||
         std::any_of(k_beginnings.begin(), k_beginnings.end(),
                     [&](auto beginning) { return text.starts_with(beginning); }) ||
         std::any_of(k_endings.begin(), k_endings.end(),
                     [&](auto ending) { return text.ends_with(ending); }) ||
         std::filesystem::is_regular_file(std::filesystem::path(text), ignored);
}

/// Splits "FILE[:NAME[:TAG]]". A file name may hold colons: what exists as a whole is one.
Place parse_path(std::string_view text, Place::Kind kind, std::string_view rest) {
  Place place;
  place.kind = kind;
  std::error_code ignored;
  const auto colon = rest.find(':');
  if (colon == std::string_view::npos ||
      std::filesystem::exists(std::filesystem::path(rest), ignored)) {
    place.path = std::string(rest);
  } else {
    place.path = std::string(rest.substr(0, colon));
    const auto name = std::string(rest.substr(colon + 1));
    // A storage tree holds one registry's repositories: their names have no host.
    place.reference =
        Reference::parse(kind == Place::Kind::v1_storage ? "docker.io/" + name : name);
  }
  if (place.path.empty()) {
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' names no file");
  }
  return place;
}

Place parse_daemon(std::string_view rest) {
  Place place;
  place.kind = Place::Kind::docker_daemon;
  if (!rest.empty()) {
    place.reference = Reference::parse(rest);
  }
  return place;
}

} // namespace

bool Place::has_scheme(std::string_view text) noexcept {
  return std::any_of(k_schemes.begin(), k_schemes.end(),
                     [&](const Scheme& scheme) { return text.starts_with(scheme.prefix); });
}

Place Place::parse(std::string_view text, Bare bare) {
  for (const auto& scheme : k_schemes) {
    if (text.starts_with(scheme.prefix)) {
      const auto rest = text.substr(scheme.prefix.size());
      return scheme.kind == Kind::docker_daemon ? parse_daemon(rest)
                                                : parse_path(text, scheme.kind, rest);
    }
  }
  Place place;
  if (bare == Bare::archive_or_registry && looks_like_archive(text)) {
    place.kind = Kind::docker_archive;
    place.path = std::string(text);
  } else {
    place.reference = Reference::parse(text);
  }
  return place;
}

std::string Place::to_string() const {
  std::string name;
  if (reference) {
    const bool names_host =
        kind == Kind::registry || (kind != Kind::v1_storage && reference->host != "docker.io");
    name = names_host ? reference->to_string() : reference->to_familiar_string();
  }
  if (kind == Kind::registry) {
    return "docker://" + name;
  }
  std::string text;
  for (const auto& scheme : k_schemes) {
    if (scheme.kind == kind) {
      text = scheme.prefix;
    }
  }
  text += path;
  if (!path.empty() && !name.empty()) {
    text += ':';
  }
  return text + name;
}

} // namespace regctl
