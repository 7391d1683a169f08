// SPDX-License-Identifier: Apache-2.0
#include "cli/tree_care.hpp"

#include "cli/counts.hpp"
#include "cli/output.hpp"
#include "cli/units.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/visible.hpp>

#include <map>
#include <optional>
#include <ostream>
#include <utility>
#include <vector>

namespace regctl::cli {

namespace {

using ops::TreeState;

std::string show_digest(const std::string& text, const TreeView& view) {
  const auto digest = oci::Digest::find(text);
  return digest && !view.no_trunc ? digest->short_hex() : text;
}

std::string show_answer(const std::optional<ops::ServerAnswer>& answer,
                        int ops::ServerAnswer::*version) {
  return answer ? std::to_string((*answer).*version) : "";
}

void add_answers(Json& object, const std::string& name,
                 const std::optional<ops::ServerAnswer>& answer) {
  object[name + "_2"] = answer ? Json(answer->of_2) : Json(nullptr);
  object[name + "_3"] = answer ? Json(answer->of_3) : Json(nullptr);
}

Json to_json(const ops::AuditedManifest& manifest) {
  Json object = {{"tag", or_null(manifest.tag)},
                 {"digest", manifest.digest ? Json(manifest.digest->to_string()) : Json(nullptr)},
                 {"state", to_string(manifest.state)},
                 {"detail", or_null(manifest.detail)}};
  add_answers(object, "by_tag", manifest.by_tag);
  add_answers(object, "by_digest", manifest.by_digest);
  return object;
}

Json to_json(const ops::AuditedTreeRepository& repository, Json manifests) {
  Json object = {{"repository", repository.name},
                 {"state", to_string(repository.state)},
                 {"tags", repository.tags},
                 {"untagged", repository.untagged},
                 {"damaged_manifests", repository.damaged},
                 {"uploads", repository.uploads},
                 {"listed_tags", repository.listed_tags}};
  add_answers(object, "tag_list", repository.tag_list);
  object["in_catalog_2"] = repository.is_in_catalog_of_2;
  object["in_catalog_3"] = repository.is_in_catalog_of_3;
  object["manifests"] = std::move(manifests);
  return object;
}

Json to_json(const std::map<TreeState, std::uint64_t>& counts) {
  auto object = Json::object();
  for (const auto& [state, count] : counts) {
    object[std::string(to_string(state))] = count;
  }
  return object;
}

std::string show_counts(const std::map<TreeState, std::uint64_t>& counts) {
  std::string text;
  for (const auto& [state, count] : counts) {
    text +=
        (text.empty() ? ": " : ", ") + std::string(to_string(state)) + " " + std::to_string(count);
  }
  return text;
}

std::uint64_t total(const std::map<TreeState, std::uint64_t>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [state, count] : counts) {
    sum += count;
  }
  return sum;
}

ExitCode exit_code_of(const ops::TreeAuditSummary& summary) {
  return summary.is_damaged() ? ExitCode::integrity : ExitCode::ok;
}

/// Holds the manifests of one repository at a time.
ExitCode audit_as_json(const Place& place, const ops::TreeAuditOptions& options, Context& context) {
  auto code = ExitCode::ok;
  JsonStream stream(context.out());
  stream.begin_array("repositories");
  Json manifests = Json::array();
  context.verbs().audit_tree(
      place, options,
      {[&](const ops::AuditedManifest& manifest) { manifests.push_back(to_json(manifest)); },
       [&](const ops::AuditedTreeRepository& repository) {
         stream.add(to_json(repository, std::exchange(manifests, Json::array())));
       },
       [&](const ops::TreeAuditSummary& summary) {
         stream.end_array();
         stream.member("summary", {{"place", "v2-storage:" + summary.place},
                                   {"deep", summary.is_deep},
                                   {"damaged", summary.is_damaged()},
                                   {"manifests_by_state", to_json(summary.manifests)},
                                   {"repositories_by_state", to_json(summary.repositories)}});
         stream.end();
         code = exit_code_of(summary);
       }});
  return code;
}

std::string show_manifest(const ops::AuditedManifest& manifest) {
  return manifest.tag ? manifest.repository + ":" + *manifest.tag : manifest.repository;
}

ExitCode audit_as_table(const Place& place, const ops::TreeAuditOptions& options,
                        const TreeView& view, Context& context) {
  auto code = ExitCode::ok;
  std::optional<Listing> table;
  const auto add = [&](const ops::AuditedManifest& manifest) {
    if (!view.all && manifest.state == TreeState::sound) {
      return;
    }
    if (!table) {
      table.emplace(context,
                    std::vector<std::string>{"STATE", "DIGEST", "2.8", "3.0", "TAG", "DETAIL"});
    }
    const auto& answer = manifest.by_tag ? manifest.by_tag : manifest.by_digest;
    table->add_row({std::string(to_string(manifest.state)),
                    manifest.digest ? show_digest(manifest.digest->to_string(), view) : "<none>",
                    show_answer(answer, &ops::ServerAnswer::of_2),
                    show_answer(answer, &ops::ServerAnswer::of_3), show_manifest(manifest),
                    manifest.detail});
  };
  context.verbs().audit_tree(
      place, options,
      {add,
       [&](const ops::AuditedTreeRepository& repository) {
         if (repository.state == TreeState::illegal_repository_name) {
           const bool is_listed = repository.is_in_catalog_of_2 || repository.is_in_catalog_of_3;
           context.note("no repository may have the name " + excerpt(repository.name) +
                        (is_listed ? ": garbage-collect of distribution stops at it" : ""));
         }
       },
       [&](const ops::TreeAuditSummary& summary) {
         if (table) {
           table->finish();
         }
         context.note(number_of(total(summary.manifests), "tag or untagged manifest",
                                "tags and untagged manifests") +
                      show_counts(summary.manifests));
         context.note(number_of(total(summary.repositories), "repository", "repositories") +
                      show_counts(summary.repositories));
         if (!summary.is_deep) {
           context.note("blobs were not read: --deep reads them");
         }
         code = exit_code_of(summary);
       }});
  return code;
}

void refuse_part(const Place& place) {
  if (place.reference) {
    throw Error(ErrorKind::usage, place.to_string() + " is a part of a storage tree",
                "name the whole tree: v2-storage:" + place.path);
  }
}

Json to_json(const ops::TreeGarbage& garbage) {
  return {{"kind", to_string(garbage.kind)},
          {"repository", or_null(garbage.repository)},
          {"name", garbage.name},
          {"size", garbage.size_bytes}};
}

void note_obstacles(const ops::TreeGcReport& report, Context& context) {
  if (!report.upload_obstacle.empty()) {
    context.note(report.upload_obstacle);
  }
  if (report.put_back > 0) {
    context.note(number_of(report.put_back, "link was", "links were") +
                 " put back: a push had come to need it");
  }
}

/// A tree does not tell whether somebody else keeps its tags.
void note_whose_tags(const ops::TreeGcReport& report, Context& context) {
  if (report.revisions > 0) {
    context.note("tags are read from the tree alone: a registry that keeps them in a database, as "
                 "Harbor and OpenShift do, has to collect its garbage itself");
  }
}

void collect_as_json(const Place& place, const ops::TreeGcOptions& options, Context& context) {
  Json kept = Json::array();
  JsonStream stream(context.out());
  stream.member("place", "v2-storage:" + place.path);
  stream.member("applied", options.apply);
  stream.begin_array("garbage");
  const auto report = context.verbs().collect_tree_garbage(
      place.path, options, [&](const ops::TreeGarbage& garbage) { stream.add(to_json(garbage)); },
      [&](const std::string& name, const std::string& why) {
        kept.push_back({{"repository", name}, {"reason", why}});
      });
  stream.end_array();
  stream.member("kept_whole", kept);
  stream.member("revisions", report.revisions);
  stream.member("links", report.links);
  stream.member("blobs", report.blobs);
  stream.member("size", report.blob_bytes);
  stream.member("uploads", report.uploads);
  stream.member("temporary_files", report.unfinished);
  stream.member("temporary_size", report.upload_bytes);
  stream.member("kept", report.kept_blobs);
  stream.member("young", report.young);
  stream.end();
  note_obstacles(report, context);
  note_whose_tags(report, context);
}

void print_report(const ops::TreeGcReport& report, bool is_applied, Context& context) {
  context.note((is_applied ? "removed " : "would remove ") +
               number_of(report.revisions, "manifest, ", "manifests, ") +
               number_of(report.links, "link, ", "links, ") +
               number_of(report.uploads + report.unfinished, "unfinished upload and ",
                         "unfinished uploads and ") +
               number_of(report.blobs, "blob, ", "blobs, ") + human_size(report.blob_bytes) + "; " +
               number_of(report.kept_blobs, "blob is kept", "blobs are kept"));
  if (report.young > 0) {
    context.note(std::to_string(report.young) + " of what is not needed is young, and a push under "
                                                "way may need it: --grace");
  }
  note_obstacles(report, context);
  if (report.kept_repositories > 0) {
    context.note(number_of(report.kept_repositories, "repository is", "repositories are") +
                 " kept whole, because not all that it needs is known");
  }
  if (!is_applied) {
    context.note("nothing was removed: --apply removes");
  }
  note_whose_tags(report, context);
}

void collect_as_table(const Place& place, const ops::TreeGcOptions& options, const TreeView& view,
                      Context& context) {
  std::optional<Listing> table;
  const auto report = context.verbs().collect_tree_garbage(
      place.path, options,
      [&](const ops::TreeGarbage& garbage) {
        if (!table) {
          table.emplace(context, std::vector<std::string>{"KIND", "NAME", "SIZE", "REPOSITORY"});
        }
        table->add_row({std::string(to_string(garbage.kind)), show_digest(garbage.name, view),
                        garbage.size_bytes > 0 ? show_size(garbage.size_bytes) : "",
                        garbage.repository});
      },
      [&](const std::string& name, const std::string& why) {
        context.note("kept whole: " + excerpt(name) + ": " + why);
      });
  if (table) {
    table->finish();
  }
  print_report(report, options.apply, context);
}

Json to_json(const ops::TreeRepairAct& act) {
  return {{"action", to_string(act.kind)},
          {"repository", or_null(act.repository)},
          {"name", act.name},
          {"reason", act.why}};
}

void repair_as_json(const Place& place, const ops::TreeRepairOptions& options, Context& context) {
  JsonStream stream(context.out());
  stream.member("place", "v2-storage:" + place.path);
  stream.member("applied", !options.dry_run);
  stream.begin_array("actions");
  const auto report = context.verbs().repair_tree(
      place.path, options, [&](const ops::TreeRepairAct& act) { stream.add(to_json(act)); });
  stream.end_array();
  stream.member("left_alone", report.left_alone);
  stream.end();
}

void repair_as_table(const Place& place, const ops::TreeRepairOptions& options,
                     const TreeView& view, Context& context) {
  std::optional<Listing> table;
  const auto report =
      context.verbs().repair_tree(place.path, options, [&](const ops::TreeRepairAct& act) {
        if (!table) {
          table.emplace(context,
                        std::vector<std::string>{"ACTION", "NAME", "REPOSITORY", "REASON"});
        }
        table->add_row({std::string(to_string(act.kind)), show_digest(act.name, view),
                        act.repository, act.why});
      });
  if (table) {
    table->finish();
  }
  if (report.left_alone > 0) {
    context.note(number_of(report.left_alone, "damaged link was", "damaged links were") +
                 " written a moment ago, and left alone");
  }
  if (report.acts == 0) {
    context.note("nothing to repair");
  } else if (options.dry_run) {
    context.note("nothing was changed: leave out --dry-run to do it");
  }
}

} // namespace

ExitCode audit_tree(const Place& place, const ops::TreeAuditOptions& options, const TreeView& view,
                    Context& context) {
  return context.wants_json() ? audit_as_json(place, options, context)
                              : audit_as_table(place, options, view, context);
}

ExitCode collect_tree(const Place& place, const ops::TreeGcOptions& options, const TreeView& view,
                      Context& context) {
  refuse_part(place);
  if (context.wants_json()) {
    collect_as_json(place, options, context);
  } else {
    collect_as_table(place, options, view, context);
  }
  return ExitCode::ok;
}

ExitCode repair_tree(const Place& place, const ops::TreeRepairOptions& options,
                     const TreeView& view, Context& context) {
  refuse_part(place);
  if (context.wants_json()) {
    repair_as_json(place, options, context);
  } else {
    repair_as_table(place, options, view, context);
  }
  return ExitCode::ok;
}

} // namespace regctl::cli
