// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"

#include <regctl/base/json.hpp>
#include <regctl/base/quantity.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct InspectOptions {
  std::string place;
  bool is_raw = false;
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

ExitCode run_inspect(const InspectOptions& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto details = context.verbs().inspect(place);
  if (options.is_raw) {
    // Exact bytes for programs; made visible on a terminal, since the image's author wrote them.
    const auto& json = details.chain.front().image.json;
    context.out() << (context.console().out_is_terminal ? visible(json) + "\n" : json);
  } else {
    print_json(context.out(), to_json(details));
  }
  return ExitCode::ok;
}

Action add_inspect(Arguments& arguments) {
  auto options = std::make_shared<InspectOptions>();
  arguments.required("IMAGE", options->place,
                     "HOST[:PORT]/NAME[:TAG], an archive, v1-storage:DIR:NAME[:TAG], or "
                     "docker-daemon:NAME[:TAG]");
  arguments.flag("--raw", options->is_raw, "Print the exact bytes of the image's JSON");
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
