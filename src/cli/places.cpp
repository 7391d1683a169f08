// SPDX-License-Identifier: Apache-2.0
#include "cli/places.hpp"

#include "cli/typed_line.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/formats/path_content.hpp>
#include <regctl/model/reference.hpp>

#include <algorithm>
#include <array>

namespace regctl::cli {

namespace {

constexpr std::string_view k_storage_scheme = "v1-storage:";

bool is_stream(const Place& place) {
  return place.path == "-";
}

/// Notes if the name of an archive suggests compression, since archives are written as plain tar.
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

void refuse_either(Context& context, const std::string& text) {
  if (!Place::may_be_either(text, look_at_path)) {
    return;
  }
  const auto line = [&](const std::string& instead) {
    return typed_line_with(context.arguments(), text, instead);
  };
  throw Error(ErrorKind::usage, "'" + text + "' is here, and could be the name of a registry",
              line("./" + text) + " takes what is here, " + line(with_registry_scheme(text)) +
                  " the registry");
}

Place parse_place(Context& context, const std::string& text) {
  refuse_either(context, text);
  return Place::parse(text, look_at_path);
}

ops::Endpoint parse_endpoint(Context& context, const std::string& text) {
  refuse_either(context, text);
  return ops::Endpoint::parse(text);
}

void refuse_lone_host(Context& context, const std::string& text) {
  const auto colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && colon + 1 < text.size() &&
                        text.find_first_not_of("0123456789/", colon + 1) == std::string::npos;
  if (has_port && parse_lone_host(context, text)) {
    throw Error(ErrorKind::usage, "'" + text + "' names no image",
                typed_line({"images", text}) + " lists those that there are");
  }
}

Place parse_source(Context& context, const std::string& text) {
  refuse_lone_host(context, text);
  auto place = parse_place(context, text);
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
  auto place = parse_place(context, text);
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

std::optional<RegistryHost> parse_lone_host(Context& context, const std::string& text) {
  refuse_either(context, text);
  auto rest = without_registry_scheme(text);
  if (rest.ends_with('/')) {
    rest.remove_suffix(1);
  }
  const bool is_place = Place::has_scheme(text) || Place::find_here(text, look_at_path);
  if (rest.empty() || rest.find('/') != std::string_view::npos || is_place) {
    return std::nullopt;
  }
  return parse_registry_host(text);
}

std::optional<RegistryHost> parse_new_host(Context& context, const std::string& text) {
  return text.ends_with('/') ? std::nullopt : parse_lone_host(context, text);
}

std::optional<ops::Endpoint> parse_namespace(Context& context, const std::string& text) {
  if (!text.ends_with('/') || Place::has_scheme(text)) {
    return std::nullopt;
  }
  auto end = parse_endpoint(context, text);
  return end.name_space.empty() ? std::nullopt : std::optional(std::move(end));
}

void refuse_tag(const Reference& reference, const std::string& text) {
  if (reference.tag || reference.digest) {
    throw Error(ErrorKind::usage, "'" + text + "' names an image, where a repository is wanted",
                "leave out the tag: HOST[:PORT]/NAME");
  }
}

Place parse_repository_place(Context& context, const std::string& text) {
  auto place = parse_place(context, text);
  const bool is_kind = place.kind == Place::Kind::registry || place.is_storage();
  if (!is_kind || !place.reference) {
    throw Error(ErrorKind::usage, "'" + text + "' names no repository",
                "write HOST[:PORT]/NAME, v1-storage:DIR:NAME or v2-storage:DIR:NAME");
  }
  return place;
}

Place parse_tag_place(Context& context, const std::string& text) {
  auto place = parse_place(context, text);
  const bool is_in_engine = place.kind == Place::Kind::docker_daemon && place.reference;
  return is_in_engine ? place : parse_repository_place(context, text);
}

std::string parse_storage_folder(const std::string& text) {
  const bool has_scheme = text.starts_with(k_storage_scheme);
  const bool is_other =
      (Place::has_scheme(text) || text.find("://") != std::string::npos) && !is_in_bucket(text);
  if (text.empty() || text == "-" || (is_other && !has_scheme)) {
    throw Error(ErrorKind::usage, "'" + text + "' names no storage tree",
                "write " + std::string(k_storage_scheme) + "DIR, or s3://BUCKET/PREFIX");
  }
  const auto place =
      Place::parse(has_scheme ? text : std::string(k_storage_scheme) + text, look_at_path);
  if (place.reference) {
    throw Error(ErrorKind::usage, "'" + text + "' names a repository, where a whole tree is wanted",
                "leave out the name: " + std::string(k_storage_scheme) + place.path);
  }
  return place.path;
}

std::string parse_storage_tree(const std::string& text) {
  auto folder = parse_storage_folder(text);
  const bool is_checked = !text.starts_with(k_storage_scheme) && !is_in_bucket(folder);
  if (is_checked && look_at_path(folder) == PathContent::nothing) {
    throw Error(ErrorKind::usage, "'" + text + "' names no storage tree: there is no such folder",
                "write " + std::string(k_storage_scheme) + "DIR");
  }
  return folder;
}

std::optional<Place> find_v2_tree(const std::string& text) {
  return text.starts_with("v2-storage:") ? std::optional(Place::parse(text)) : std::nullopt;
}

Json name_members(const Place& place) {
  return {{"place", place.to_string()},
          {"repository", place.reference->name},
          {"tag", or_null(place.reference->tag)}};
}

std::string show_place(std::string_view place) {
  return std::string(without_registry_scheme(place));
}

} // namespace regctl::cli
