// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.hpp"
#include "cli/counts.hpp"
#include "cli/output.hpp"
#include "cli/places.hpp"
#include "cli/scope_flags.hpp"
#include "cli/text.hpp"
#include "cli/tree_care.hpp"
#include "cli/typed_line.hpp"
#include "cli/units.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/json.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/base/time.hpp>
#include <regctl/ops/problem.hpp>

#include <memory>
#include <optional>
#include <ostream>

namespace regctl::cli {

namespace {

using ops::Verdict;

constexpr std::uint64_t k_shown_repositories = 20;

struct AuditFlags {
  std::string place;
  ops::AuditOptions options;
  bool all = false;
  bool no_trunc = false;
};

std::int64_t seconds_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

/// ": sound 12, dead upload 1"; empty without counts.
std::string show_counts(const std::map<Verdict, ops::AuditSummary::Count>& counts) {
  std::string text;
  for (const auto& [verdict, count] : counts) {
    text += (text.empty() ? ": " : ", ") + std::string(to_string(verdict)) + " " +
            std::to_string(count.number);
  }
  return text;
}

std::uint64_t total_number(const std::map<Verdict, ops::AuditSummary::Count>& counts) {
  std::uint64_t sum = 0;
  for (const auto& [verdict, count] : counts) {
    sum += count.number;
  }
  return sum;
}

SizeSum total_size(const std::map<Verdict, ops::AuditSummary::Count>& counts) {
  SizeSum sum;
  for (const auto& [verdict, count] : counts) {
    sum.add(count.size);
  }
  return sum;
}

/// "2 images"; of OCI images "2 manifests and blobs".
std::string number_of_images(const ops::AuditSummary& summary, std::uint64_t number) {
  return summary.has_blobs ? number_of(number, "manifest or blob", "manifests and blobs")
                           : number_of(number, "image", "images");
}

/// Prints one table below another, each only if it has rows, and the totals at the end.
class Tables {
public:
  Tables(const AuditFlags& flags, Context& context) : flags_(flags), context_(context) {}

  void add_tag(const ops::AuditedTag& tag) {
    if (is_shown(tag.verdict)) {
      table(Part::tags, {"VERDICT", "IMAGE", "AT FAULT", "SIZE", "TAG"})
          .add_row({std::string(to_string(tag.verdict)), show_id(tag.id.value_or("<none>")),
                    show_id(tag.at_fault), show_size(tag.size_bytes),
                    tag.repository + ":" + tag.tag});
    }
  }

  void add_image(const ops::AuditedImage& image) {
    mendable_ += ops::is_mendable(image) ? 1 : 0;
    if (is_shown(image.verdict)) {
      table(Part::images, {"VERDICT", "IMAGE", "LAYER", "REACHED BY", "DETAIL"})
          .add_row({std::string(to_string(image.verdict)), show_id(image.id),
                    show_size(image.layer_size_bytes),
                    image.repository + (image.is_shared ? " ..." : ""), detail_of(image)});
    }
  }

  void add_repository(const ops::AuditedRepository& repository) {
    if (repository.problem) { // reported, and counted in the summary
      return;
    }
    if (++repositories_ > k_shown_repositories && !flags_.all) {
      return;
    }
    table(Part::repositories, {"TAGS", "DAMAGED", "SIZE", "SHARED", "WOULD FREE", "REPOSITORY"})
        .add_row({std::to_string(repository.tags), std::to_string(repository.damaged_tags),
                  show_size(repository.size), show_size(repository.shared),
                  show_size(repository.freed), repository.name});
  }

  void add_summary(const ops::AuditSummary& summary) {
    end_table();
    if (repositories_ > k_shown_repositories && !flags_.all) {
      say("... and " +
          number_of(repositories_ - k_shown_repositories, "repository", "repositories") +
          " more: --all");
    }
    say(number_of(total_number(summary.tags), "tag", "tags") + " in " +
        number_of(summary.repositories, "repository", "repositories") + show_counts(summary.tags));
    say(number_of_images(summary, total_number(summary.images)) + ", " +
        size_of_layers(total_size(summary.images)) + show_counts(summary.images));
    if (summary.shared) {
      say(size_of_layers(*summary.shared) + " shared by several repositories" +
          show_orphans(summary));
    }
    say(summary.is_damaged() ? number_of(summary.damaged_tags, "tag", "tags") + " and " +
                                   number_of_images(summary, summary.damaged_images) + " damaged"
                             : "nothing damaged");
    if (mendable_ > 0 && summary.sees_orphans) { // only trees can be mended, not registries
      say(number_of(mendable_, "image", "images") + " to be mended by regctl repair");
    }
    if (summary.problems.number > 0) {
      say(number_of(summary.problems.number, "repository", "repositories") + " not looked at");
    }
    if (!summary.is_deep) {
      say("layers were not read: --deep reads them");
    }
  }

private:
  enum class Part { none, tags, images, repositories };

  [[nodiscard]] bool is_shown(Verdict verdict) const {
    return flags_.all || verdict != Verdict::sound;
  }

  Listing& table(Part part, std::vector<std::string> headings) {
    if (part != part_) {
      end_table();
      context_.out() << (part_ == Part::none ? "" : "\n");
      part_ = part;
      table_.emplace(context_, std::move(headings));
    }
    return *table_;
  }

  void end_table() {
    if (table_) {
      table_->finish();
      table_.reset();
    }
  }

  [[nodiscard]] std::string show_id(const std::string& id) const {
    return flags_.no_trunc ? id : short_identity(id);
  }

  [[nodiscard]] static std::string detail_of(const ops::AuditedImage& image) {
    const auto since = image.changed ? "since " + show_time(seconds_of(*image.changed)) : "";
    return since + (since.empty() || image.detail.empty() ? "" : "; ") + image.detail;
  }

  static std::string show_orphans(const ops::AuditSummary& summary) {
    const auto found = summary.images.find(Verdict::orphan);
    return found == summary.images.end()
               ? ""
               : ", " + size_of_layers(found->second.size) + " that no tag reaches (regctl gc)";
  }

  void say(const std::string& sentence) { context_.note(sentence); }

  const AuditFlags& flags_;
  Context& context_;
  Part part_ = Part::none;
  std::optional<Listing> table_;
  std::uint64_t repositories_ = 0;
  std::uint64_t mendable_ = 0; ///< images
};

Json to_json(const ops::AuditedTag& tag) {
  return {{"repository", tag.repository},  {"tag", tag.tag},
          {"id", or_null(tag.id)},         {"verdict", to_string(tag.verdict)},
          {"damaged", tag.is_damaged},     {"at_fault", or_null(tag.at_fault)},
          {"detail", or_null(tag.detail)}, {"size", or_null(tag.size_bytes)}};
}

Json to_json(const ops::AuditedImage& image) {
  Json object = {{"id", image.id},
                 {"verdict", to_string(image.verdict)},
                 {"damaged", image.is_damaged},
                 {"detail", or_null(image.detail)},
                 {"size", or_null(image.layer_size_bytes)},
                 {"repository", or_null(image.repository)},
                 {"shared", image.is_shared}};
  object["changed"] =
      image.changed ? Json(print_rfc3339(seconds_of(*image.changed))) : Json(nullptr);
  return object;
}

/// Null too for a repository with unreadable tags, whose sums are meaningless.
Json size_or_null(const ops::AuditedRepository& repository, const std::optional<SizeSum>& size) {
  return size && !repository.problem ? or_null(size->least_bytes()) : Json(nullptr);
}

Json to_json(const ops::AuditedRepository& repository) {
  return {{"repository", repository.name},
          {"tags", repository.tags},
          {"damaged_tags", repository.damaged_tags},
          {"size", size_or_null(repository, repository.size)},
          {"sizes_unknown", repository.size.unknown},
          {"shared_size", size_or_null(repository, repository.shared)},
          {"freed_size", size_or_null(repository, repository.freed)},
          {"error", ops::error_or_null(repository.problem)}};
}

Json to_json(const std::map<Verdict, ops::AuditSummary::Count>& counts) {
  auto object = Json::object();
  for (const auto& [verdict, count] : counts) {
    object[std::string(to_string(verdict))] = count.number;
  }
  return object;
}

Json to_json(const ops::AuditSummary& summary) {
  const auto size = total_size(summary.images);
  return {{"place", summary.place},
          {"deep", summary.is_deep},
          {"damaged", summary.is_damaged()},
          {"repositories", summary.repositories},
          {"tags", total_number(summary.tags)},
          {"damaged_tags", summary.damaged_tags},
          {"tags_by_verdict", to_json(summary.tags)},
          {"images", total_number(summary.images)},
          {"damaged_images", summary.damaged_images},
          {"images_by_verdict", to_json(summary.images)},
          {"not_looked_at", summary.problems.number},
          {"size", or_null(size.least_bytes())},
          {"sizes_unknown", size.unknown},
          {"shared_size", summary.shared ? or_null(summary.shared->least_bytes()) : Json(nullptr)}};
}

/// Writes one object with a list for each kind of row, in the order of the audit's results. Nothing
/// is written before the first row, so that an early failure leaves no output.
class Document {
public:
  explicit Document(std::ostream& out) : stream_(out) {}

  void add_tag(const ops::AuditedTag& tag) {
    go_on_to(0);
    stream_.add(to_json(tag));
  }
  void add_image(const ops::AuditedImage& image) {
    go_on_to(1);
    stream_.add(to_json(image));
  }
  void add_repository(const ops::AuditedRepository& repository) {
    go_on_to(2);
    stream_.add(to_json(repository));
  }
  void add_summary(const ops::AuditSummary& summary) {
    go_on_to(2);
    stream_.end_array();
    stream_.member("summary", to_json(summary));
    stream_.end();
  }

private:
  static constexpr std::string_view k_lists[] = {"tags", "images", "repositories"};

  void go_on_to(std::size_t list) {
    for (; begun_lists_ <= list; ++begun_lists_) {
      if (begun_lists_ > 0) {
        stream_.end_array();
      }
      stream_.begin_array(k_lists[begun_lists_]);
    }
  }

  JsonStream stream_;
  std::size_t begun_lists_ = 0;
};

Place parse_audited(Context& context, const std::string& text) {
  auto place = parse_place(context, text);
  if (place.kind == Place::Kind::docker_archive) {
    throw Error(ErrorKind::usage,
                "'" + text + "' is an archive: audit looks at storage trees and registries",
                typed_line({"verify", text}) + " looks at every image of an archive");
  }
  return place;
}

template <class Printer>
ExitCode audit(Printer printer, const AuditFlags& flags, Context& context) {
  auto code = ExitCode::ok;
  const ops::AuditListener listener = {
      [&](const ops::AuditedTag& tag) { printer.add_tag(tag); },
      [&](const ops::AuditedImage& image) { printer.add_image(image); },
      [&](const ops::AuditedRepository& repository) {
        printer.add_repository(repository);
        if (repository.problem) {
          context.failure(repository.name + ": " + ops::explain(repository.problem).message);
        }
      },
      [&](const ops::AuditSummary& summary) {
        printer.add_summary(summary);
        const auto looked_at = summary.repositories - summary.problems.number;
        code =
            summary.is_damaged() ? ExitCode::integrity : exit_code_of(summary.problems, looked_at);
      }};
  if (const auto host = parse_lone_host(context, flags.place)) {
    context.verbs().audit(*host, flags.options, listener);
  } else {
    context.verbs().audit(parse_audited(context, flags.place), flags.options, listener);
  }
  return code;
}

ExitCode run_audit(const AuditFlags& flags, Context& context) {
  if (const auto tree = find_v2_tree(flags.place)) {
    return audit_tree(*tree, {.deep = flags.options.deep}, {flags.all, flags.no_trunc}, context);
  }
  return context.wants_json() ? audit(Document(context.out()), flags, context)
                              : audit(Tables(flags, context), flags, context);
}

Action add_audit(Arguments& arguments) {
  auto flags = std::make_shared<AuditFlags>();
  arguments.required(
      "PLACE", flags->place,
      "A storage tree (v1-storage:DIR, v2-storage:DIR) or a registry (HOST[:PORT]), or one of its "
      "repositories or tags behind :NAME[:TAG] or /NAME[:TAG]; or oci:DIR, oci-archive:FILE");
  arguments.flag("--deep", flags->options.deep, "Read every layer and verify its checksum");
  arguments.flag("--all", flags->all, "List also what is sound");
  arguments.flag("--no-trunc", flags->no_trunc, "Show whole image IDs");
  return [flags](Context& context) { return run_audit(*flags, context); };
}

} // namespace

Command audit_command() {
  return {{.name = "audit",
           .aliases = {},
           .summary = "Judge every tag and image of a storage tree or a registry",
           .details = "Reads only. Ends with 7 if anything is damaged.",
           .examples = {"regctl audit v1-storage:/srv/registry",
                        "regctl audit --deep --jobs 8 localhost:5000",
                        "regctl audit localhost:5000/team/app"}},
          add_audit};
}

} // namespace regctl::cli
