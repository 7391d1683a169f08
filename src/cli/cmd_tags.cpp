// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/json_text.hpp"
#include "cli/text.hpp"

#include <regctl/model/place.hpp>
#include <regctl/ops/inspect.hpp>

namespace regctl::cli {

namespace {

struct TagsOptions {
  std::string place;
  bool show_ids = false;
};

ExitCode run_tags(const TagsOptions& options, Context& context) {
  const auto place = Place::parse(options.place, Place::Bare::archive_or_registry);
  if (place.reference && place.kind == Place::Kind::registry && place.reference->tag) {
    throw Error(ErrorKind::usage, "'" + options.place + "' names a tag; a repository is wanted",
                "regctl inspect shows what a tag names");
  }
  const auto tags = ops::list_tags(context.session(), place);
  if (context.format() == Format::json) {
    JsonList list(context.out);
    for (const auto& [tag, id] : tags) {
      list.add({{"tag", tag}, {"id", id ? Json(*id) : Json()}});
    }
    list.finish();
    return ExitCode::ok;
  }
  for (const auto& [tag, id] : tags) {
    if (!id) {
      context.session().progress().note("tag " + tag +
                                        " is listed, but the registry cannot read it");
      continue;
    }
    context.out << printable(tag);
    if (options.show_ids) {
      context.out << '\t' << *id;
    }
    context.out << '\n';
  }
  return ExitCode::ok;
}

} // namespace

void add_tags_command(CLI::App& command, Context& context) {
  auto options = std::make_shared<TagsOptions>();
  command.add_option("PLACE", options->place, "Repository, as in host:5000/app, or archive")
      ->required();
  command.add_flag("-l,--long", options->show_ids, "Print the image ID behind each tag");
  command.footer("Example:\n  regctl tags registry.local:5000/team/app");
  command.callback([options, &context] {
    context.action = [=, &context] { return run_tags(*options, context); };
  });
}

} // namespace regctl::cli
