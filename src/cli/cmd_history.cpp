// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/table.hpp"
#include "cli/text.hpp"

#include <regctl/model/place.hpp>
#include <regctl/ops/inspect.hpp>

#include <ctime>

namespace regctl::cli {

namespace {

constexpr std::size_t k_command_columns = 45; // as docker history cuts it

struct HistoryOptions {
  std::string place;
  bool no_trunc = false;
};

ExitCode run_history(const HistoryOptions& options, Context& context) {
  const auto details = ops::inspect(context.session(),
                                    Place::parse(options.place, Place::Bare::archive_or_registry));
  if (context.format() == Format::json) {
    JsonList list(context.out);
    for (const auto& member : details.chain) {
      list.add({{"id", member.image.id},
                {"created", text_or_null(member.info.created)},
                {"created_by", text_or_null(member.info.created_by)},
                {"comment", text_or_null(member.info.comment)},
                {"size",
                 member.image.layer_size_bytes ? Json(*member.image.layer_size_bytes) : Json()}});
    }
    list.finish();
    return ExitCode::ok;
  }
  const auto now = std::time(nullptr);
  Table table(context.out, {"IMAGE", "CREATED", "CREATED BY", "SIZE"});
  for (const auto& member : details.chain) {
    const auto command = printable(member.info.created_by);
    const auto& size = member.image.layer_size_bytes;
    table.add({options.no_trunc ? member.image.id : short_id(member.image.id),
               human_age(member.info.created, now),
               options.no_trunc ? command : fit(command, k_command_columns),
               size ? human_size(*size) : "?"});
  }
  table.finish();
  return ExitCode::ok;
}

} // namespace

void add_history_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<HistoryOptions>();
  command.add_option("IMAGE", options->place, "Image, as in host:5000/app:1.0, or archive")
      ->required();
  command.add_flag("--no-trunc", options->no_trunc, "Print whole IDs and commands");
  command.footer("Example:\n  regctl history registry.local:5000/team/app:1.0");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_history(*options, context); };
  });
}

} // namespace regctl::cli
