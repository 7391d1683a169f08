// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copy_result.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/quantity.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct InspectFlags {
  std::string place;
  std::string platforms;
  bool is_raw = false;
  bool is_config = false;
};

Json to_json(const ops::ChainImage& member) {
  const auto& info = member.info;
  return {{"id", member.image.id},
          {"parent", or_null(info.parent)},
          {"created", or_null(info.created)},
          {"created_by", or_null(info.created_by)},
          {"size", or_null(member.image.layer_size_bytes)},
          {"checksums", member.image.payload_checksums}};
}

std::optional<std::uint64_t> size_of(const ops::ImageDetails& details) {
  std::uint64_t size_bytes = 0;
  for (const auto& member : details.chain) {
    if (!member.image.layer_size_bytes) {
      return std::nullopt;
    }
    add_size(size_bytes, *member.image.layer_size_bytes);
  }
  return size_bytes;
}

Json to_json(const ops::ImageDetails& details) {
  const auto& [image, info] = details.chain.front();
  auto layers = Json::array();
  for (const auto& member : details.chain) {
    layers.push_back(to_json(member));
  }
  return {{"place", details.place},
          {"id", details.id},
          {"tags", details.tags},
          {"created", or_null(info.created)},
          {"author", or_null(info.author)},
          {"docker_version", or_null(info.docker_version)},
          {"architecture", or_null(info.architecture)},
          {"os", or_null(info.os)},
          {"size", or_null(size_of(details))},
          {"layers", layers},
          {"json", parse_json(image.json, "the JSON of image " + short_id(details.id))}};
}

Json to_json(const oci::Descriptor& blob) {
  return {{"digest", blob.digest.to_string()},
          {"media_type", or_null(blob.media_type)},
          {"size", blob.size_bytes}};
}

Json to_json(const ops::OciPlatformDetails& image) {
  return {{"platform", image.platform ? Json(image.platform->to_string()) : Json(nullptr)},
          {"digest", image.descriptor.digest.to_string()},
          {"media_type", or_null(image.descriptor.media_type)},
          {"size", image.size_bytes},
          {"shared", image.shared_bytes}};
}

/// The size of config and layers.
std::uint64_t size_of(const oci::Manifest& manifest) {
  std::uint64_t size_bytes = 0;
  for (const auto& blob : manifest.blobs()) {
    add_size(size_bytes, blob.size_bytes);
  }
  return size_bytes;
}

template <class Items> Json to_array(const Items& items) {
  auto array = Json::array();
  for (const auto& item : items) {
    array.push_back(to_json(item));
  }
  return array;
}

Json to_json(const ops::OciDetails& details) {
  const auto& manifest = details.manifest;
  const auto& config = details.config;
  const bool is_index = manifest.kind == oci::Manifest::Kind::index;
  Json json = {
      {"place", details.place},
      {"digest", details.document.digest.to_string()},
      {"media_type", manifest.media_type},
      {"artifact_type", or_null(manifest.artifact_type)},
      {"platform", config ? Json(config->platform.to_string()) : Json(nullptr)},
      {"created", config ? or_null(config->created) : Json(nullptr)},
      {"author", config ? or_null(config->author) : Json(nullptr)},
      {"size", is_index ? Json(nullptr) : Json(size_of(manifest))},
      {"platforms", to_array(details.platforms)},
      {"layers", to_array(manifest.layers)},
      {"subject", manifest.subject ? Json(manifest.subject->digest.to_string()) : Json(nullptr)},
      {"annotations", Json(manifest.annotations)},
      {"manifest", parse_json(details.document.bytes, "the manifest")}};
  json["config"] =
      details.config_bytes.empty() ? Json(nullptr) : parse_json(details.config_bytes, "the config");
  return json;
}

/// Exact bytes for programs; made visible on a terminal, since the image's author wrote them.
void print_raw(Context& context, const std::string& bytes) {
  context.out() << (context.console().out_is_terminal ? visible_json(bytes) + "\n" : bytes);
}

void show(Context& context, const ops::ImageDetails& details, const InspectFlags& options) {
  if (options.is_raw || options.is_config) {
    print_raw(context, details.chain.front().image.json);
  } else {
    print_json(context.out(), to_json(details));
  }
}

void show(Context& context, const ops::OciDetails& details, const InspectFlags& options) {
  if (options.is_config && details.config_bytes.empty()) {
    throw Error(ErrorKind::unsupported, details.place + " has no image's config",
                details.platforms.empty() ? "" : "choose one of its images with --platform");
  }
  if (options.is_config) {
    print_raw(context, details.config_bytes);
  } else if (options.is_raw) {
    print_raw(context, details.document.bytes);
  } else {
    print_json(context.out(), to_json(details));
  }
}

ExitCode run_inspect(const InspectFlags& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto inspected = context.verbs().inspect(place, {to_platforms(options.platforms)});
  std::visit([&](const auto& details) { show(context, details, options); }, inspected);
  return ExitCode::ok;
}

Action add_inspect(Arguments& arguments) {
  auto options = std::make_shared<InspectFlags>();
  arguments.required("IMAGE", options->place,
                     "HOST[:PORT]/NAME[:TAG|@DIGEST], an archive, oci:DIR[:TAG], "
                     "v1-storage:DIR:NAME[:TAG], v2-storage:DIR:NAME[:TAG], or "
                     "docker-daemon:NAME[:TAG]");
  arguments.flag("--raw", options->is_raw,
                 "Print the exact bytes of the image's JSON, or of the manifest");
  arguments.flag("--config", options->is_config, "Print the exact bytes of the image's config");
  add_platform(arguments, options->platforms);
  return [options](Context& context) { return run_inspect(*options, context); };
}

} // namespace

Command inspect_command() {
  return {{.name = "inspect",
           .aliases = {},
           .summary = "Show all that is known of an image, as JSON",
           .details = "",
           .examples = {"regctl inspect localhost:5000/team/app:1.0",
                        "regctl inspect --raw localhost:5000/team/app:1.0 > image.json"}},
          add_inspect};
}

} // namespace regctl::cli
