// SPDX-License-Identifier: Apache-2.0
#include <regctl/base/error.hpp>
#include <regctl/base/text.hpp>
#include <regctl/model/oci/digest.hpp>
#include <regctl/model/place.hpp>

#include <algorithm>
#include <array>

namespace regctl {

namespace {

struct Scheme {
  std::string_view prefix;
  Place::Kind kind;
};

constexpr std::array<Scheme, 6> k_schemes = {{
    {"docker-archive:", Place::Kind::docker_archive},
    {"docker-daemon:", Place::Kind::docker_daemon},
    {"oci-archive:", Place::Kind::oci_archive},
    {"oci:", Place::Kind::oci_layout},
    {"v1-storage:", Place::Kind::v1_storage},
    {"v2-storage:", Place::Kind::v2_storage},
}};

bool is_tree(Place::Kind kind) noexcept {
  return kind == Place::Kind::v1_storage || kind == Place::Kind::v2_storage;
}

bool is_layout(Place::Kind kind) noexcept {
  return kind == Place::Kind::oci_layout || kind == Place::Kind::oci_archive;
}

PathContent content_at(const LookAtPath& look, std::string_view path) {
  return look && !path.empty() ? look(std::string(path)) : PathContent::nothing;
}

/// Sets the image that is named behind the path of a place.
void set_image(Place& place, std::string_view name) {
  if (is_layout(place.kind)) {
    place.entry = std::string(name);
  } else {
    place.reference = parse_name_in(place.kind, name);
  }
}

/// Takes "@DIGEST" off the end of the path of an OCI layout.
void take_digest(Place& place, std::string_view& rest) {
  const auto at = rest.rfind('@');
  if (at != std::string_view::npos && oci::Digest::find(rest.substr(at + 1))) {
    place.entry = std::string(rest.substr(at + 1));
    rest = rest.substr(0, at);
  }
}

/// Splits "FILE[:NAME[:TAG]]". A file name may contain colons: if `rest` exists as a whole, it is
/// one. The name of a bucket and a prefix in it may not.
Place parse_path(std::string_view text, Place::Kind kind, std::string_view rest,
                 const LookAtPath& look) {
  Place place;
  place.kind = kind;
  const bool is_bucket = is_tree(kind) && is_in_bucket(rest);
  if (is_layout(kind)) {
    take_digest(place, rest);
  }
  const auto colon = rest.find(':', is_bucket ? k_bucket_scheme.size() : 0);
  if (colon == std::string_view::npos ||
      (!is_bucket && content_at(look, rest) != PathContent::nothing)) {
    place.path = std::string(rest);
  } else {
    place.path = std::string(rest.substr(0, colon));
    if (place.entry) {
      throw Error(ErrorKind::usage, "'" + std::string(text) + "' has a name and a digest",
                  "leave out one of them");
    }
    if (colon + 1 == rest.size() && is_layout(kind)) {
      throw Error(ErrorKind::usage, "'" + std::string(text) + "' ends with a colon and no name");
    }
    set_image(place, rest.substr(colon + 1));
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

bool is_path_by_spelling(std::string_view text) {
  constexpr std::array<std::string_view, 3> k_beginnings = {"/", "./", "../"};
  return text == "-" || text == "." || text == ".." ||
         std::any_of(k_beginnings.begin(), k_beginnings.end(),
                     [&](auto beginning) { return text.starts_with(beginning); });
}

bool ends_as_archive(std::string_view text) {
  constexpr std::array<std::string_view, 6> k_endings = {".tar",     ".tgz",    ".tar.gz",
                                                         ".tar.zst", ".tar.xz", ".tar.bz2"};
  return std::any_of(k_endings.begin(), k_endings.end(),
                     [&](auto ending) { return text.ends_with(ending); });
}

std::string_view first_part(std::string_view text) {
  return text.substr(0, text.find('/'));
}

bool has_port(std::string_view text) {
  const auto part = first_part(text);
  const auto colon = part.rfind(':');
  return colon != std::string_view::npos && colon + 1 < part.size() &&
         part.find_first_not_of("0123456789", colon + 1) == std::string_view::npos;
}

/// How likely it is that a text without a scheme names a registry.
enum class RegistryName {
  no,   ///< "team/app", "my folder"
  word, ///< "registry": Docker does not take it for a host, but a local network may have one
  yes,  ///< "registry.local", "host:5000/app", "localhost"
};

RegistryName registry_name(std::string_view text) {
  const bool is_alone = text.find('/') >= text.size() - 1;
  try {
    static_cast<void>(parse_registry_host(first_part(text)));
  } catch (const Error&) {
    return RegistryName::no;
  }
  if (has_port(text)) {
    return RegistryName::yes;
  }
  if (ends_as_archive(text)) {
    return RegistryName::no;
  }
  const auto host = first_part(text);
  return host.find_first_of(".:") != std::string_view::npos || host == "localhost"
             ? RegistryName::yes
             : (is_alone ? RegistryName::word : RegistryName::no);
}

/// The kind of place for this content. A file that does not exist yet is an archive.
std::optional<Place::Kind> kind_of(PathContent content) {
  switch (content) {
  case PathContent::nothing:
  case PathContent::file:
    return Place::Kind::docker_archive;
  case PathContent::storage_tree:
    return Place::Kind::v1_storage;
  case PathContent::v2_tree:
    return Place::Kind::v2_storage;
  case PathContent::oci_layout:
    return Place::Kind::oci_layout;
  case PathContent::other_folder:
    break;
  }
  return std::nullopt;
}

Place place_at(std::string_view path, PathContent content) {
  const auto kind = kind_of(content);
  if (!kind) {
    const std::string shown(path);
    throw Error(ErrorKind::usage,
                "'" + shown + "' is a folder that is neither a storage tree nor an image layout",
                "for a storage tree, also one that is to be made there, write v1-storage:" + shown +
                    "; for an archive, name a file");
  }
  Place place;
  place.kind = *kind;
  place.path = std::string(path);
  return place;
}

/// "DIR:NAME[:TAG]" of an existing tree or file, or of a file named like an archive.
std::optional<Place> find_image_here(std::string_view text, const LookAtPath& look) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) {
    return std::nullopt;
  }
  const auto path = text.substr(0, colon);
  const auto content = content_at(look, path);
  const bool is_there = content != PathContent::nothing && content != PathContent::other_folder;
  if (!is_there && !ends_as_archive(path)) {
    return std::nullopt;
  }
  auto place = place_at(path, content);
  set_image(place, text.substr(colon + 1));
  return place;
}

std::string describe(PathContent content) {
  switch (content) {
  case PathContent::storage_tree:
  case PathContent::v2_tree:
    return "a storage tree";
  case PathContent::oci_layout:
    return "an image layout";
  case PathContent::other_folder:
    return "a folder";
  case PathContent::nothing:
  case PathContent::file:
    break;
  }
  return "a file";
}

bool may_be_either(std::string_view text, PathContent content) {
  if (content == PathContent::nothing || is_path_by_spelling(text)) {
    return false;
  }
  const auto name = registry_name(text);
  return name == RegistryName::yes ||
         (name == RegistryName::word && content == PathContent::other_folder);
}

bool is_registry_by_scheme(std::string_view text) {
  return text.find("://") != std::string_view::npos;
}

/// The name of an image in a place of this kind, as a user writes it there.
std::string name_in(Place::Kind kind, const Reference& reference) {
  if (kind == Place::Kind::v2_storage) {
    return reference.to_string().substr(reference.host.size() + 1);
  }
  const bool names_host =
      kind == Place::Kind::registry || (!is_tree(kind) && reference.host != "docker.io");
  return names_host ? reference.to_string() : reference.to_familiar_string();
}

} // namespace

Reference parse_name_in(Place::Kind kind, std::string_view name) {
  return Reference::parse(is_tree(kind) ? "docker.io/" + std::string(name) : std::string(name));
}

bool Place::has_scheme(std::string_view text) noexcept {
  return std::any_of(k_schemes.begin(), k_schemes.end(),
                     [&](const Scheme& scheme) { return text.starts_with(scheme.prefix); });
}

bool Place::may_be_either(std::string_view text, const LookAtPath& look) {
  return !has_scheme(text) && !is_registry_by_scheme(text) &&
         regctl::may_be_either(text, content_at(look, text));
}

std::optional<Place> Place::find_here(std::string_view text, const LookAtPath& look) {
  if (has_scheme(text) || is_registry_by_scheme(text)) {
    return std::nullopt;
  }
  const auto content = content_at(look, text);
  if (regctl::may_be_either(text, content)) {
    const std::string shown(text);
    throw Error(ErrorKind::usage,
                "'" + shown + "' is " + describe(content) +
                    " here, and could be the name of a registry",
                "write ./" + shown + " for what is here, " + with_registry_scheme(shown) +
                    " for the registry");
  }
  if (content != PathContent::nothing) {
    return place_at(text, content);
  }
  const bool is_path = is_path_by_spelling(text);
  if (is_path || !has_port(text) || ends_as_archive(text.substr(0, text.find(':')))) {
    if (auto image = find_image_here(text, look)) {
      return image;
    }
  }
  if (is_path || (ends_as_archive(text) && registry_name(text) != RegistryName::yes)) {
    return place_at(text, content);
  }
  return std::nullopt;
}

Place Place::parse(std::string_view text, const LookAtPath& look) {
  for (const auto& scheme : k_schemes) {
    if (text.starts_with(scheme.prefix)) {
      const auto rest = text.substr(scheme.prefix.size());
      return scheme.kind == Kind::docker_daemon ? parse_daemon(rest)
                                                : parse_path(text, scheme.kind, rest, look);
    }
  }
  if (is_in_bucket(text)) {
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' says not what is in the bucket",
                "for a storage tree of docker-registry write v1-storage:" + std::string(text) +
                    ", for one of a v2 registry v2-storage:" + std::string(text));
  }
  if (auto here = find_here(text, look)) {
    return *std::move(here);
  }
  Place place;
  place.reference = Reference::parse(text);
  place.protocol = protocol_of_scheme(text);
  const auto host = place.reference->host + "/";
  place.implies_host = lower(without_registry_scheme(text).substr(0, host.size())) != host;
  return place;
}

std::string Place::to_string() const {
  const auto name = reference ? name_in(kind, *reference) : std::string();
  if (kind == Kind::registry) {
    return with_registry_scheme(name, protocol);
  }
  std::string text;
  for (const auto& scheme : k_schemes) {
    if (scheme.kind == kind) {
      text = scheme.prefix;
    }
  }
  text += path;
  if (entry) {
    return text + (oci::Digest::find(*entry) ? "@" : ":") + *entry;
  }
  if (!path.empty() && !name.empty()) {
    text += ':';
  }
  return text + name;
}

} // namespace regctl
