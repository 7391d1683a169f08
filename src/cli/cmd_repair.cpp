// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/tree_care.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>

#include <memory>
#include <ostream>

namespace regctl::cli {

namespace {

struct RepairFlags {
  std::string place;
  std::string from;
  ops::RepairOptions options;
  bool no_trunc = false;
};

Json to_json(const ops::RepairAct& act) {
  return {{"action", to_string(act.kind)},
          {"id", or_null(act.id)},
          {"repository", or_null(act.repository)},
          {"tag", or_null(act.tag)},
          {"reason", act.why}};
}

ExitCode exit_code_of(const ops::RepairReport& report) {
  return report.not_fetched == 0 ? ExitCode::ok : ExitCode::partial;
}

ExitCode repair_as_json(const RepairFlags& flags, const std::string& folder, Context& context) {
  JsonStream stream(context.out());
  stream.member("place", "v1-storage:" + folder);
  stream.member("applied", !flags.options.dry_run);
  stream.begin_array("actions");
  const auto report = context.verbs().repair(
      folder, flags.options, [&](const ops::RepairAct& act) { stream.add(to_json(act)); });
  stream.end_array();
  stream.member("left_alone", report.left_alone);
  stream.member("not_fetched", report.not_fetched);
  stream.end();
  return exit_code_of(report);
}

std::string show_id(const std::string& id, const RepairFlags& flags) {
  return id.empty() ? "<none>" : flags.no_trunc ? id : short_id(id);
}

ExitCode repair_as_table(const RepairFlags& flags, const std::string& folder, Context& context) {
  std::optional<Listing> table;
  const auto report = context.verbs().repair(folder, flags.options, [&](const ops::RepairAct& act) {
    if (!table) {
      table.emplace(context, std::vector<std::string>{"ACTION", "IMAGE", "TAG", "REASON"});
    }
    table->add_row({std::string(to_string(act.kind)), show_id(act.id, flags),
                    act.tag.empty() ? "" : act.repository + ":" + act.tag, act.why});
  });
  if (table) {
    table->finish();
  }
  if (report.acts == 0 && report.not_fetched == 0) {
    context.note("nothing to repair");
  } else if (flags.options.dry_run) {
    context.note("nothing was changed: leave out --dry-run to do it");
  }
  return exit_code_of(report);
}

ExitCode run_repair(const RepairFlags& flags, Context& context) {
  if (!flags.options.dry_run) {
    context.console().let_reader_go();
  }
  if (const auto tree = find_v2_tree(flags.place)) {
    if (!flags.from.empty()) {
      throw Error(ErrorKind::usage, "--from fetches images of protocol v1",
                  "mirror --verify-destination sends a tree of distribution what it lacks");
    }
    return repair_tree(*tree, {flags.options.dry_run, flags.options.drop_tags},
                       {.no_trunc = flags.no_trunc}, context);
  }
  const auto folder = parse_storage_tree(flags.place);
  auto with_source = flags;
  if (!flags.from.empty()) {
    with_source.options.from = parse_endpoint(context, flags.from);
    ops::refuse_digest(*with_source.options.from);
  }
  return context.wants_json() ? repair_as_json(with_source, folder, context)
                              : repair_as_table(with_source, folder, context);
}

Action add_repair(Arguments& arguments) {
  auto flags = std::make_shared<RepairFlags>();
  arguments.required("TREE", flags->place, "A storage tree, v1-storage:DIR or v2-storage:DIR");
  arguments.flag("-n,--dry-run", flags->options.dry_run,
                 "Print what would be done, and do nothing");
  arguments.flag("--drop-tags", flags->options.drop_tags,
                 "Remove tags that cannot be read or whose image is not there");
  arguments.value("--from", "PLACE", flags->from,
                  "Fetch damaged and missing images from here: a registry, v1-storage:DIR, or "
                  "docker-archive:FILE");
  arguments.flag("--no-trunc", flags->no_trunc, "Show whole image IDs");
  return [flags](Context& context) { return run_repair(*flags, context); };
}

} // namespace

Command repair_command() {
  return {
      {.name = "repair",
       .aliases = {},
       .summary = "Mend a storage tree: ancestries, dead uploads that are whole, old checksums",
       .details = "Prints what it did. Changes a layer only with --from, which reads all of them.",
       .examples = {"regctl repair --dry-run v1-storage:/srv/registry",
                    "regctl repair --from backup:5000 v1-storage:/srv/registry",
                    "regctl repair --drop-tags v1-storage:/srv/registry"}},
      add_repair};
}

} // namespace regctl::cli
