// SPDX-License-Identifier: Apache-2.0
#include "ops/oci/image_rows.hpp"
#include "ops/places/engine_names.hpp"
#include "ops/places/open.hpp"
#include "ops/places/protocol.hpp"
#include "ops/places/side.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/in_order.hpp>
#include <regctl/base/limited_map.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/base/quantity.hpp>
#include <regctl/base/text.hpp>
#include <regctl/base/time.hpp>
#include <regctl/formats/docker_archive.hpp>
#include <regctl/model/oci/repository.hpp>
#include <regctl/model/v1/chain.hpp>
#include <regctl/ops/images.hpp>
#include <regctl/ops/places/names.hpp>
#include <regctl/ops/problem.hpp>

#include <algorithm>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace regctl::ops {

namespace {

constexpr std::size_t k_known_images_limit = 50'000; // about 10 MB

/// The facts about an image that rows need. They are cached because chains share their lower ends.
struct KnownImage {
  std::optional<std::string> parent;
  std::string created;
  std::optional<std::uint64_t> layer_size_bytes;
};

/// A cache of images. Thread-safe.
class KnownImages {
public:
  KnownImage get(V1Repository& repository, const std::string& id) {
    {
      const std::lock_guard lock(mutex_);
      if (const auto* found = known_.find(id)) {
        return *found;
      }
    }
    const auto answer = repository.look_up(id);
    if (answer.state == V1ImageState::absent) {
      throw Error(ErrorKind::not_found, "image " + short_id(id) + " is not there");
    }
    if (answer.state == V1ImageState::in_progress) {
      throw Error(ErrorKind::unavailable, "image " + short_id(id) +
                                              " is being uploaded, or its upload was never "
                                              "completed");
    }
    auto info = parse_v1_image(answer.image.json);
    KnownImage known{std::move(info.parent), std::move(info.created),
                     answer.image.layer_size_bytes};
    const std::lock_guard lock(mutex_);
    known_.put(id, known);
    return known;
  }

private:
  std::mutex mutex_;
  LimitedMap<KnownImage> known_{k_known_images_limit};
};

void fill_in(KnownImages& known, V1Repository& repository, ImageRow& row) {
  if (!row.id) {
    row.problem = std::make_exception_ptr(Error(ErrorKind::integrity, "this tag cannot be read"));
    return;
  }
  try {
    row.created = known.get(repository, *row.id).created;
    std::optional<std::uint64_t> size = 0;
    const bool has_end = walk_parents(*row.id, [&](const std::string& id) {
      const auto image = known.get(repository, id);
      if (size && image.layer_size_bytes) {
        add_size(*size, *image.layer_size_bytes);
      } else {
        size.reset();
      }
      return image.parent;
    });
    if (!has_end) {
      throw Error(ErrorKind::protocol, "the parents of image " + short_id(*row.id) +
                                           " form a loop or a chain that is too long");
    }
    row.size_bytes = size;
  } catch (const Error& error) {
    if (ends_run(error)) {
      throw;
    }
    row.problem = std::current_exception();
  }
}

/// Fills in rows of one repository in parallel.
void fill_in(Session& session, KnownImages& known, V1Repository& repository,
             std::vector<ImageRow>& rows) {
  run_parallel(session.jobs(), rows.size(),
               [&](std::size_t i) { fill_in(known, repository, rows[i]); });
}

std::vector<ImageRow> rows_of(const std::string& repository, const V1Tags& tags) {
  std::vector<ImageRow> rows;
  rows.reserve(tags.size());
  for (const auto& [tag, id] : tags) {
    rows.push_back({repository, tag, id, "", std::nullopt, nullptr});
  }
  return rows;
}

/// One row for each name in an archive. An image without a name is shown as docker shows it.
std::vector<ImageRow> archive_rows(V1Repository& archive, const Place& place) {
  std::vector<ImageRow> rows;
  for (const auto& image : select_images(archive, place, Select::all_tags)) {
    ImageRow row{"<none>", image.tag.empty() ? "<none>" : image.tag, image.id, "", std::nullopt,
                 nullptr};
    if (auto name = image.name) {
      row.tag = name->tag_or_latest();
      name->tag.reset();
      row.repository = archive_name(*name);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Lists what an engine has, as it says itself: nothing is exported.
void list_engine_images(Session& session, const Place& place, const ImagesListener& listener) {
  for (auto& entry : list_engine_names(session, place)) {
    ImageRow row{"<none>", "<none>", entry.image.id, "", entry.image.size_bytes, nullptr};
    if (entry.image.created_s) {
      row.created = print_rfc3339(*entry.image.created_s);
    }
    if (auto& name = entry.name) {
      row.tag = name->tag_or_latest();
      name->tag.reset();
      row.repository = archive_name(*name);
    }
    listener.on_row(row);
  }
}

void report_problem(Session& session, const std::string& name, const Error& error,
                    const ImagesListener& listener) {
  if (error.kind() == ErrorKind::not_found) {
    // A listing may name repositories deleted since.
    session.progress().note(error.message() + ", although it is listed");
  } else {
    listener.on_problem(name, std::make_exception_ptr(error));
  }
}

/// The repositories of OCI images, which are looked at while further ones are still being listed.
class OciListing {
public:
  OciListing(Session& session, Side& side, std::string name_space, const ImagesListener& listener)
      : session_(session), side_(side), name_space_(std::move(name_space)), listener_(listener) {}

  /// Whether there was one.
  bool run() {
    run_in_order(session_.jobs(), [this](const std::function<void(Task)>& hand_over) {
      list_repositories(
          side_, [this](const std::string& name) { return is_wanted(name); },
          [&](std::vector<std::string> page) {
            std::erase_if(page, [this](const std::string& name) { return !is_wanted(name); });
            add(std::move(page), hand_over);
          });
    });
    return has_any_;
  }

private:
  [[nodiscard]] bool is_wanted(const std::string& name) const {
    return is_below(name_space_, name);
  }

  /// Lists the repositories of a page, sorted. Some registries begin a page with names of the page
  /// before.
  void add(std::vector<std::string> names, const std::function<void(Task)>& hand_over) {
    sort_and_unite(names);
    std::vector<std::string> added;
    std::set_difference(names.begin(), names.end(), before_.begin(), before_.end(),
                        std::back_inserter(added));
    before_ = std::move(names);
    if (added.empty()) {
      return;
    }
    has_any_ = true;
    hand_over([this, added] { return [this, added] { listener_.on_repositories(added); }; });
    for (auto& name : added) {
      hand_over([this, name = std::move(name)] { return look_at(name); });
    }
  }

  [[nodiscard]] Shown look_at(const std::string& name) {
    try {
      const auto repository = std::get<std::unique_ptr<OciRepository>>(side_.open(name));
      return [this, rows = list_oci_rows(session_, *repository, name)] {
        for (const auto& row : rows) {
          listener_.on_row(row);
        }
      };
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        throw;
      }
      return [this, name, error] { report_problem(session_, name, error, listener_); };
    }
  }

  Session& session_;
  Side& side_;
  const std::string name_space_;
  const ImagesListener& listener_;  // outlives this
  std::vector<std::string> before_; ///< the page before
  bool has_any_ = false;
};

/// Lists one repository after another. An error in one does not stop the listing.
void list_each(Session& session, Side& side, const std::vector<std::string>& names,
               const ImagesListener& listener) {
  listener.on_repositories(names);
  KnownImages known;
  for (const auto& name : names) {
    std::vector<ImageRow> rows;
    try {
      const auto repository = std::get<std::unique_ptr<V1Repository>>(side.open(name));
      rows = rows_of(name, repository->tags());
      fill_in(session, known, *repository, rows);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::interrupted) {
        throw;
      }
      report_problem(session, name, error, listener);
      continue;
    }
    for (const auto& row : rows) {
      listener.on_row(row);
    }
  }
}

void tell_none(Session& session, const RegistryHost& host, const std::string& name_space) {
  if (!name_space.empty()) {
    throw Error(ErrorKind::not_found,
                "there is no repository below " + name_space + "/ at " + host.host,
                "regctl search " + host.host + " lists those that there are");
  }
  session.progress().note("there are no repositories in " + host.host);
  session.progress().note("some registries list none without a term; 'regctl images " + host.host +
                          "/NAME' shows one");
}

/// Lists a repository or a tag of OCI images, a layout or an archive, or all of a storage tree.
void list_oci_images(Session& session, const Place& place, const ImagesListener& listener) {
  if (place.is_storage() && !place.reference) {
    const auto side = open_source(session, Endpoint{{}, "", place});
    OciListing(session, *side, "", listener).run();
    return;
  }
  const auto from = open_oci(session, place, Use::read);
  for (const auto& row : list_oci_rows(session, from)) {
    listener.on_row(row);
  }
}

} // namespace

void list_images(Session& session, const RegistryHost& host, const std::string& name_space,
                 const ImagesListener& listener) {
  const auto side = open_source(session, Endpoint{host, name_space, {}});
  if (side->model() == Model::oci) {
    if (!OciListing(session, *side, name_space, listener).run()) {
      tell_none(session, host, name_space);
    }
    return;
  }
  const auto is_wanted = [&](const std::string& name) { return is_below(name_space, name); };
  auto names = list_repositories(*side, is_wanted);
  std::erase_if(names, [&](const std::string& name) { return !is_wanted(name); });
  if (names.empty()) {
    tell_none(session, host, name_space);
  }
  list_each(session, *side, names, listener);
}

void list_images(Session& session, const Place& place, const ImagesListener& listener) {
  if (place.kind == Place::Kind::docker_daemon) {
    list_engine_images(session, place, listener);
    return;
  }
  if (holds_oci_alone(session, place)) {
    list_oci_images(session, place, listener);
    return;
  }
  if (place.kind == Place::Kind::v1_storage && !place.reference) {
    const auto side = open_source(session, Endpoint{{}, "", place});
    list_each(session, *side, side->repositories([](const std::string&) { return true; }),
              listener);
    return;
  }
  const auto repository = open_repository(session, place);
  KnownImages known;
  const bool is_repository =
      place.kind == Place::Kind::registry || place.kind == Place::Kind::v1_storage;
  auto rows = is_repository ? rows_of(place.reference->name, repository->tags())
                            : archive_rows(*repository, place);
  if (is_repository && place.reference->tag) {
    std::erase_if(rows, [&](const ImageRow& row) { return row.tag != *place.reference->tag; });
    if (rows.empty()) {
      static_cast<void>(select_images(*repository, place, Select::one)); // throws with a hint
    }
  }
  fill_in(session, known, *repository, rows);
  for (const auto& row : rows) {
    listener.on_row(row);
  }
}

} // namespace regctl::ops
