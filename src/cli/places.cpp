// SPDX-License-Identifier: Apache-2.0
#include "cli/places.hpp"

#include <regctl/base/error.hpp>

#include <algorithm>
#include <array>

namespace regctl::cli {

namespace {

constexpr std::string_view k_registry_scheme = "docker://";
constexpr std::string_view k_storage_scheme = "v1-storage:";

bool is_stream(const Place& place) {
  return place.path == "-";
}

/// Files are written under the name that was given, but not always as it says.
void note_plain_tar(Context& context, const std::string& file) {
  constexpr std::array<std::string_view, 5> k_compressed = {".tgz", ".tar.gz", ".tar.zst",
                                                            ".tar.xz", ".tar.bz2"};
  if (std::any_of(k_compressed.begin(), k_compressed.end(),
                  [&](std::string_view ending) { return file.ends_with(ending); })) {
    context.note("'" + file + "' becomes a plain tar, whatever its name says: " +
                 "archives are written uncompressed");
  }
}

} // namespace

Place parse_source(Context& context, const std::string& text) {
  auto place = Place::parse(text, Place::Bare::archive_or_registry);
  if (is_stream(place) && context.console().in_is_terminal) {
    throw Error(ErrorKind::usage, "'-' reads an archive from standard input, which is a terminal",
                "docker save IMAGE | regctl …, or name a file");
  }
  if (is_stream(place) && context.globals().password_stdin) {
    throw Error(ErrorKind::usage, "'-' and --password-stdin both want standard input",
                "set REGCTL_PASSWORD instead");
  }
  return place;
}

Place parse_destination(Context& context, const std::string& text) {
  auto place = Place::parse(text, Place::Bare::archive_or_registry);
  if (is_stream(place) && context.console().out_is_terminal) {
    throw Error(ErrorKind::usage, "'-' writes an archive to standard output, which is a terminal",
                "name a file, or send it on: … - | docker load");
  }
  if (is_stream(place) && context.wants_json()) {
    throw Error(ErrorKind::usage, "'-' and --format json both want standard output", "name a file");
  }
  if (place.kind == Place::Kind::docker_archive) {
    note_plain_tar(context, place.path);
  }
  return place;
}

std::optional<RegistryHost> parse_lone_host(const std::string& text) {
  std::string_view rest = text;
  const bool has_scheme = rest.starts_with(k_registry_scheme);
  if (has_scheme) {
    rest.remove_prefix(k_registry_scheme.size());
  }
  if (rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  if (rest.empty() || rest.find('/') != std::string_view::npos) {
    return std::nullopt;
  }
  try {
    if (!has_scheme &&
        Place::parse(text, Place::Bare::archive_or_registry).kind != Place::Kind::registry) {
      return std::nullopt;
    }
  } catch (const Error&) { // "host:5000" is no image either
  }
  return parse_registry_host(rest);
}

std::optional<RegistryHost> parse_new_host(const std::string& text) {
  return text.ends_with('/') ? std::nullopt : parse_lone_host(text);
}

void refuse_tag(const Reference& reference, const std::string& text) {
  if (reference.tag || reference.digest) {
    throw Error(ErrorKind::usage, "'" + text + "' names an image, where a repository is wanted",
                "leave out the tag: HOST[:PORT]/NAME");
  }
}

Place parse_repository_place(const std::string& text) {
  auto place = Place::parse(text);
  const bool is_kind = place.kind == Place::Kind::registry || place.kind == Place::Kind::v1_storage;
  if (!is_kind || !place.reference) {
    throw Error(ErrorKind::usage, "'" + text + "' names no repository",
                "write HOST[:PORT]/NAME or v1-storage:DIR:NAME");
  }
  return place;
}

std::string parse_storage_tree(const std::string& text) {
  if (!text.starts_with(k_storage_scheme)) {
    throw Error(ErrorKind::usage, "'" + text + "' names no storage tree",
                "write " + std::string(k_storage_scheme) + "DIR");
  }
  const auto place = Place::parse(text);
  if (place.reference) {
    throw Error(ErrorKind::usage, "'" + text + "' names a repository, where a whole tree is wanted",
                "leave out the name: " + std::string(k_storage_scheme) + place.path);
  }
  return place.path;
}

std::string show_place(std::string_view place) {
  if (place.starts_with(k_registry_scheme)) {
    place.remove_prefix(k_registry_scheme.size());
  }
  return std::string(place);
}

} // namespace regctl::cli
