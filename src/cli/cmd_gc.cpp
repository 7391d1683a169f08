// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/counts.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/tree_care.hpp"
#include "cli/units.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/quantity.hpp>

#include <memory>
#include <optional>
#include <ostream>

namespace regctl::cli {

namespace {

struct GcFlags {
  std::string place;
  ops::GcOptions options;
  bool no_trunc = false;
};

/// Reads a duration, or "0" without a unit.
std::chrono::seconds parse_grace(const std::string& text) {
  return text == "0" ? std::chrono::seconds(0) : parse_duration(text);
}

Json to_json(const ops::GcImage& image) {
  return {{"id", image.id},
          {"reason", to_string(image.why)},
          {"size", or_null(image.layer_size_bytes)}};
}

void collect_as_json(const GcFlags& flags, const std::string& folder, Context& context) {
  JsonStream stream(context.out());
  stream.member("place", "v1-storage:" + folder);
  stream.member("applied", flags.options.apply);
  stream.begin_array("images");
  const auto report = context.verbs().collect_garbage(
      folder, flags.options, [&](const ops::GcImage& image) { stream.add(to_json(image)); });
  stream.end_array();
  stream.member("removed", report.images);
  stream.member("size", report.layer_bytes);
  stream.member("kept", report.kept_images);
  stream.member("young_uploads", report.young_uploads);
  stream.member("young_images", report.young_images);
  stream.member("temporary_files", report.temporary_files);
  stream.member("temporary_size", report.temporary_bytes);
  stream.end();
}

std::string images(std::uint64_t number) {
  return number_of(number, "image", "images");
}

void print_report(const ops::GcReport& report, const GcFlags& flags, Context& context) {
  auto line = (flags.options.apply ? "removed " : "would remove ") + images(report.images) + ", " +
              human_size(report.layer_bytes);
  if (report.temporary_files > 0) {
    line += ", and " +
            number_of(report.temporary_files, "half-written file, ", "half-written files, ") +
            human_size(report.temporary_bytes);
  }
  context.note(line + "; " + images(report.kept_images) +
               (report.kept_images == 1 ? " is kept" : " are kept"));
  if (report.young_uploads > 0) {
    context.note(
        number_of(report.young_uploads, "of them is a dead upload", "of them are dead uploads") +
        " that may yet go on: --grace");
  }
  if (report.young_images > 0) {
    context.note(number_of(report.young_images, "of them is young: an upload",
                           "of them are young: uploads") +
                 " under way may need it: --grace");
  }
  if (!flags.options.apply) {
    context.note("nothing was removed: --apply removes");
  }
}

void collect_as_table(const GcFlags& flags, const std::string& folder, Context& context) {
  std::optional<Listing> table;
  const auto report =
      context.verbs().collect_garbage(folder, flags.options, [&](const ops::GcImage& image) {
        if (!table) {
          table.emplace(context, std::vector<std::string>{"REASON", "IMAGE", "LAYER"});
        }
        table->add_row({std::string(to_string(image.why)),
                        flags.no_trunc ? image.id : short_id(image.id),
                        show_size(image.layer_size_bytes)});
      });
  if (table) {
    table->finish();
  }
  print_report(report, flags, context);
}

ExitCode run_gc(const GcFlags& flags, Context& context) {
  if (flags.options.apply) {
    context.console().let_reader_go();
  }
  if (const auto tree = find_v2_tree(flags.place)) {
    return collect_tree(*tree, {flags.options.apply, flags.options.grace, flags.options.force},
                        {.no_trunc = flags.no_trunc}, context);
  }
  const auto folder = parse_storage_tree(flags.place);
  if (context.wants_json()) {
    collect_as_json(flags, folder, context);
  } else {
    collect_as_table(flags, folder, context);
  }
  return ExitCode::ok;
}

Action add_gc(Arguments& arguments) {
  auto flags = std::make_shared<GcFlags>();
  auto& options = flags->options;
  arguments.required(
      "TREE", flags->place,
      "A storage tree, v1-storage:DIR or v2-storage:DIR; DIR may be s3://BUCKET/PREFIX");
  arguments.flag("--apply", options.apply, "Remove; without it only tell what would be removed");
  arguments.value(
      "--grace", "TIME", [&options](const std::string& text) { options.grace = parse_grace(text); },
      "Keep dead uploads that moved within this time, as in 30m, 24h or 7d (default 24h)");
  arguments.flag("--force", options.force,
                 "Go on also if tags are damaged, or may be kept outside of the tree");
  arguments.flag("--no-trunc", flags->no_trunc, "Show whole image IDs");
  return [flags](Context& context) { return run_gc(*flags, context); };
}

} // namespace

Command gc_command() {
  return {{.name = "gc",
           .aliases = {},
           .summary = "Remove the images of a storage tree that no tag reaches",
           .details =
               "Tells what would be removed; --apply removes it. Not while regctl serve runs "
               "on the tree. In a bucket nobody can be kept out: there --grace holds for all "
               "images, and is an hour or more.",
           .examples = {"regctl gc v1-storage:/srv/registry",
                        "regctl gc --apply --grace 7d v1-storage:/srv/registry"}},
          add_gc};
}

} // namespace regctl::cli
