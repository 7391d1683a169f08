// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <regctl/base/json.hpp>

#include <memory>
#include <string>

namespace regctl::cli {

namespace {

constexpr std::size_t k_command_columns = 45; // as in `docker history`

struct HistoryOptions {
  std::string place;
  bool no_trunc = false;
};

Json to_json(const ops::ChainImage& member) {
  const auto& info = member.info;
  const auto& stored = member.image.layer_size_bytes;
  return {{"id", member.image.id},
          {"created", or_null(info.created)},
          {"created_by", or_null(info.created_by)},
          {"size", or_null(stored)},
          {"unpacked_size", or_null(info.size_bytes)},
          {"comment", or_null(info.comment)},
          {"author", or_null(info.author)}};
}

ExitCode run_history(const HistoryOptions& options, Context& context) {
  const auto place = parse_source(context, options.place);
  const auto details = context.verbs().inspect(place);
  Listing listing(context, {"IMAGE", "CREATED", "CREATED BY", "SIZE", "LAYER"});
  for (const auto& member : details.chain) {
    if (listing.wants_json()) {
      listing.add(to_json(member));
      continue;
    }
    const auto command = visible(member.info.created_by);
    listing.add_row({options.no_trunc ? member.image.id : short_id(member.image.id),
                     human_age(member.info.created, context.console().now()),
                     options.no_trunc ? command : ellipsize(command, k_command_columns),
                     show_size(member.info.size_bytes), show_size(member.image.layer_size_bytes)});
  }
  listing.finish();
  return ExitCode::ok;
}

Action add_history(Arguments& arguments) {
  auto options = std::make_shared<HistoryOptions>();
  arguments.required("IMAGE", options->place,
                     "HOST[:PORT]/NAME[:TAG], an archive, v1-storage:DIR:NAME[:TAG], or "
                     "docker-daemon:NAME[:TAG]");
  arguments.flag("--no-trunc", options->no_trunc, "Show whole IDs and commands");
  return [options](Context& context) { return run_history(*options, context); };
}

} // namespace

Command history_command() {
  return {{.name = "history",
           .aliases = {},
           .summary = "Show how an image was made, newest step first",
           .details =
               "SIZE is that of the unpacked layer, as 'docker history' shows it, where the image "
               "tells it; LAYER is that of the layer as it is stored.",
           .examples = {"regctl history localhost:5000/team/app:1.0",
                        "regctl history --no-trunc app_1.0.tar"}},
          add_history};
}

} // namespace regctl::cli
