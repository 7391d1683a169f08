// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"

#include <regctl/model/place.hpp>
#include <regctl/ops/inspect.hpp>

namespace regctl::cli {

namespace {

struct InspectOptions {
  std::string place;
  bool raw = false;
};

Json layer_json(const ops::ChainImage& member) {
  const auto& size = member.image.layer_size_bytes;
  return {{"id", member.image.id},
          {"parent", member.info.parent ? Json(*member.info.parent) : Json()},
          {"created", text_or_null(member.info.created)},
          {"created_by", text_or_null(member.info.created_by)},
          {"size", size ? Json(*size) : Json()},
          {"checksums", member.image.payload_checksums}};
}

ExitCode run_inspect(const InspectOptions& options, Context& context) {
  const auto details = ops::inspect(context.session(),
                                    Place::parse(options.place, Place::Bare::archive_or_registry));
  const auto& top = details.chain.front();
  if (options.raw) {
    context.out << top.image.json;
    return ExitCode::ok;
  }
  auto layers = Json::array();
  Json total = 0;
  for (const auto& member : details.chain) {
    layers.push_back(layer_json(member));
    const auto& size = member.image.layer_size_bytes;
    total = size && !total.is_null() ? Json(total.get<std::uint64_t>() + *size) : Json();
  }
  print_json(context.out, {{"place", details.place},
                           {"id", details.id},
                           {"tags", details.tags},
                           {"created", text_or_null(top.info.created)},
                           {"author", text_or_null(top.info.author)},
                           {"docker_version", text_or_null(top.info.docker_version)},
                           {"architecture", text_or_null(top.info.architecture)},
                           {"os", text_or_null(top.info.os)},
                           {"size", total},
                           {"layers", layers},
                           {"json", parse_json(top.image.json, "the image JSON")}});
  return ExitCode::ok;
}

} // namespace

void add_inspect_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<InspectOptions>();
  command.add_option("IMAGE", options->place, "Image, as in host:5000/app:1.0, or archive")
      ->required();
  command.add_flag("--raw", options->raw, "Print the image's own JSON, byte for byte");
  command.footer("Examples:\n  regctl inspect registry.local:5000/team/app:1.0\n"
                 "  regctl inspect --raw app.tar");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_inspect(*options, context); };
  });
}

} // namespace regctl::cli
