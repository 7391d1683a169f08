// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/units.hpp"

#include <regctl/base/json.hpp>

#include <memory>

namespace regctl::cli {

namespace {

struct ImagesOptions {
  std::string place;
  bool no_trunc = false;
};

Json to_json(const ops::ImageRow& row) {
  Json object = {{"repository", row.repository}, {"tag", row.tag}};
  object["id"] = or_null(row.id);
  object["created"] = or_null(row.created);
  object["size"] = or_null(row.size_bytes);
  object["problem"] = or_null(row.problem);
  return object;
}

std::vector<std::string> to_cells(const ops::ImageRow& row, const ImagesOptions& options,
                                  Context& context) {
  const auto id = row.id.value_or("<none>");
  return {row.repository, row.tag, options.no_trunc || !row.id ? id : short_id(id),
          row.created.empty() ? "N/A" : human_age(row.created, context.console().now()),
          row.size_bytes ? human_size(*row.size_bytes) : "N/A"};
}

ExitCode run_images(const ImagesOptions& options, Context& context) {
  Listing listing(context, {"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"});
  const auto on_row = [&](const ops::ImageRow& row) {
    if (listing.wants_json()) {
      listing.add(to_json(row));
    } else {
      listing.add_row(to_cells(row, options, context));
    }
    if (!row.problem.empty()) {
      context.note(row.repository + ":" + row.tag + ": " + row.problem);
    }
  };
  if (const auto host = parse_lone_host(options.place)) {
    context.verbs().list_images(*host, on_row);
  } else {
    const auto place = parse_source(context, options.place);
    context.verbs().list_images(place, on_row);
  }
  listing.finish();
  return ExitCode::ok;
}

Action add_images(Arguments& arguments) {
  auto options = std::make_shared<ImagesOptions>();
  arguments.required("PLACE", options->place,
                     "A registry (HOST[:PORT]), a repository (HOST[:PORT]/NAME[:TAG]), an archive, "
                     "v1-storage:DIR[:NAME[:TAG]], or docker-daemon:NAME");
  arguments.flag("--no-trunc", options->no_trunc, "Show whole image IDs");
  return [options](Context& context) { return run_images(*options, context); };
}

} // namespace

Command images_command() {
  return {
      {.name = "images",
       .aliases = {},
       .summary = "List images: every repository and tag of a registry, or what an archive holds",
       .details = "Sizes are those of all stored layers of an image, compressed as they are "
                  "stored.",
       .examples = {"regctl images localhost:5000", "regctl images localhost:5000/team/app",
                    "regctl images app_1.0.tar"}},
      add_images};
}

} // namespace regctl::cli
