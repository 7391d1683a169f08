// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/copying.hpp"

namespace regctl::cli {

namespace {

struct CopyCommandOptions {
  std::string source;
  std::string destination;
  CopyFlags flags;
};

} // namespace

void add_copy_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<CopyCommandOptions>();
  command.add_option("SOURCE", options->source, "Image, archive or docker-daemon:NAME:TAG")
      ->required();
  command.add_option("DEST", options->destination, "The same")->required();
  add_copy_flags(command, options->flags);
  command.footer(
      "Examples:\n  regctl copy old.local:5000/team/app:1.0 new.local:5000/team/app:1.0\n"
      "  regctl copy -a old.local:5000/team/app new.local:5000/team/app\n"
      "  regctl copy app.tar docker-daemon:");
  command.callback([options, &context] {
    context.action = [=, &context] {
      return copy_and_tell(Place::parse(options->source, Place::Bare::archive_or_registry),
                           Place::parse(options->destination, Place::Bare::archive_or_registry),
                           options->flags, context);
    };
  });
}

} // namespace regctl::cli
