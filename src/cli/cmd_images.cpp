// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/scope_flags.hpp"
#include "cli/text.hpp"
#include "cli/units.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <memory>

namespace regctl::cli {

namespace {

using ops::error_or_null;

struct ImagesFlags {
  std::string place;
  bool no_trunc = false;
};

/// Null for "<none>", which stands for a missing name in tables only.
Json name_or_null(const std::string& name) {
  return name == "<none>" ? Json(nullptr) : Json(name);
}

Json to_json(const ops::ImageRow& row) {
  return {{"repository", name_or_null(row.repository)},
          {"tag", name_or_null(row.tag)},
          {"id", or_null(row.id)},
          {"created", or_null(row.created)},
          {"size", or_null(row.size_bytes)},
          {"error", error_or_null(row.problem)}};
}

/// A row for a repository that could not be listed, so that scripts do not take it for empty.
Json unlisted_to_json(const std::string& repository, const std::exception_ptr& problem) {
  return {{"repository", repository}, {"tag", nullptr},  {"id", nullptr},
          {"created", nullptr},       {"size", nullptr}, {"error", error_or_null(problem)}};
}

std::vector<std::string> to_cells(const ops::ImageRow& row, const ImagesFlags& options,
                                  Context& context) {
  const auto id = row.id.value_or("<none>");
  return {row.repository, row.tag, options.no_trunc || !row.id ? id : short_identity(id),
          row.created.empty() ? "N/A" : human_age(row.created, context.console().now()),
          show_size(row.size_bytes)};
}

/// The expected widths of the columns, from the names of the repositories.
std::vector<std::size_t> usual_widths(const std::vector<std::string>& repositories,
                                      const ImagesFlags& options) {
  constexpr std::size_t k_tag = 12; // "1.0.0-beta.1"
  constexpr std::size_t k_id = 64;
  constexpr std::size_t k_short_id = 12;
  constexpr std::size_t k_created = 13; // "11 months ago"
  std::size_t widest = 0;
  for (const auto& name : repositories) {
    widest = std::max(widest, display_width(visible(name)));
  }
  return {widest, k_tag, options.no_trunc ? k_id : k_short_id, k_created};
}

/// Prints one row. --quiet prints only IDs, as docker does.
void show(Listing& listing, const ops::ImageRow& row, const ImagesFlags& options,
          Context& context) {
  if (listing.wants_json()) {
    listing.add(to_json(row));
  } else if (!context.globals().quiet) {
    listing.add_row(to_cells(row, options, context));
  } else if (row.id) {
    listing.add_row({options.no_trunc ? *row.id : short_identity(*row.id)});
  }
}

void list(const ImagesFlags& options, Context& context, const ops::ImagesListener& listener) {
  if (const auto host = parse_lone_host(context, options.place)) {
    context.verbs().list_images(*host, "", listener);
  } else if (const auto below = parse_namespace(context, options.place)) {
    context.verbs().list_images(*below->host, below->name_space, listener);
  } else {
    context.verbs().list_images(parse_source(context, options.place), listener);
  }
}

ExitCode run_images(const ImagesFlags& options, Context& context) {
  using Headings = std::vector<std::string>;
  Listing listing(context, context.globals().quiet
                               ? Headings()
                               : Headings{"REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"});
  ops::Problems problems;
  std::uint64_t rows = 0;
  const ops::ImagesListener listener = {
      [&](const std::vector<std::string>& repositories) {
        if (!context.globals().quiet) {
          listing.expect_widths(usual_widths(repositories, options));
        }
      },
      [&](const ops::ImageRow& row) {
        ++rows;
        show(listing, row, options, context);
        if (row.problem) {
          context.note(row.repository + ":" + row.tag + ": " + ops::explain(row.problem).message);
        }
      },
      [&](const std::string& repository, const std::exception_ptr& problem) {
        problems.add(problem);
        if (listing.wants_json()) {
          listing.add(unlisted_to_json(repository, problem));
        }
        context.failure(repository + ": " + ops::explain(problem).message);
      }};
  try {
    list(options, context, listener);
  } catch (const Error&) { // of a later page of the catalog, say: what was listed is shown all the
                           // same, and the array of JSON stays open
    if (rows > 0 && !listing.wants_json()) {
      listing.finish();
    }
    throw;
  }
  listing.finish();
  return exit_code_of(problems, rows);
}

Action add_images(Arguments& arguments) {
  auto options = std::make_shared<ImagesFlags>();
  arguments.required("PLACE", options->place,
                     "A registry (HOST[:PORT]), a namespace (HOST[:PORT]/NAMESPACE/), a repository "
                     "(HOST[:PORT]/NAME[:TAG]), an archive, oci:DIR, "
                     "v1-storage:DIR[:NAME[:TAG]], v2-storage:DIR[:NAME[:TAG]], or "
                     "docker-daemon:[NAME[:TAG]]");
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
                  "stored; those of the Docker engine are its own, of the files unpacked.",
       .examples = {"regctl images localhost:5000", "regctl images localhost:5000/team/app",
                    "regctl images app_1.0.tar"}},
      add_images};
}

} // namespace regctl::cli
