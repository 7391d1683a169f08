// SPDX-License-Identifier: Apache-2.0
#include "ops/places/storage.hpp"
#include "ops/v1/fetch_images.hpp"
#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_graph.hpp"

#include <regctl/base/error.hpp>
#include <regctl/formats/v1_image_writer.hpp>
#include <regctl/ops/repair.hpp>

#include <algorithm>
#include <numeric>
#include <optional>
#include <vector>

namespace regctl::ops {

namespace {

using Index = ImageGraph::Index;

/// While other processes write, an upload changed within this time may still be under way and is
/// theirs to finish.
constexpr auto k_quiet = std::chrono::minutes(10);

class Repair {
public:
  Repair(Session& session, std::shared_ptr<V1Storage> storage, const RepairOptions& options,
         const std::function<void(const RepairAct&)>& on_act)
      : session_(session), storage_(std::move(storage)), options_(options), on_act_(on_act) {}

  RepairReport run() {
    if (!options_.dry_run) {
      exclusive_ = storage_->lock_exclusively(); // nothing if other processes have the tree open;
                                                 // then uploads are treated with care
    }
    if (options_.from) {
      fetch_images(session_, *storage_, options_, on_act_, report_);
    }
    listed_ = storage_->snapshot();
    const auto store = make_audit_store(listed_, std::nullopt);
    graph_.read(session_, *store, {}, std::nullopt);
    std::vector<Index> order(graph_.images().size());
    std::iota(order.begin(), order.end(), Index{0});
    std::sort(order.begin(), order.end(),
              [&](Index a, Index b) { return graph_.images()[a].id < graph_.images()[b].id; });
    for (const auto image : order) {
      mend_image(image);
    }
    for (const auto& tag : graph_.tags()) {
      mend_tag(tag);
    }
    return report_;
  }

private:
  void mend_image(Index index) {
    const auto& image = graph_.images()[index];
    const auto id = image.id.text();
    const bool is_dead = image.own == Verdict::dead_upload;
    if (!image.is_there || image.own == Verdict::json_damaged || image.own == Verdict::unreadable) {
      return;
    }
    if (is_dead && !image.is_reached && listed_->is_remnant(id)) {
      return; // meant to go, complete or not
    }
    if (is_dead && !is_quiet(id)) {
      leave_alone(id, "was written within the last minutes");
      return;
    }
    const bool is_proven = is_dead && is_whole(id);
    if (is_proven || (!is_dead && needs_ancestry(index, id)) || listed_->has_old_checksum(id)) {
      write(index, id, is_dead, is_proven);
    }
  }

  /// Opens the image for writing, unless this is a dry run, and writes the repairs.
  void write(Index index, const std::string& id, bool is_dead, bool is_proven) {
    std::unique_ptr<V1Storage::ImageWriter> writer;
    if (!options_.dry_run) {
      writer = storage_->write_image(id, std::chrono::milliseconds(0));
      if (!writer || storage_->is_marked(id) != is_dead) {
        leave_alone(id, "is being written");
        return;
      }
    }
    if ((is_proven || !is_dead) && needs_ancestry(index, id)) {
      const bool is_recorded = storage_->ancestry(id).has_value();
      if (writer) {
        writer->put_ancestry(*graph_.chain(index));
      }
      tell({RepairAct::Kind::rebuild_ancestry, id, "", "",
            is_recorded ? "not what the parents tell" : "missing"});
    }
    if (storage_->has_old_checksum(id)) {
      if (writer) {
        writer->put_checksums(storage_->checksums(id));
      }
      tell({RepairAct::Kind::rewrite_checksum, id, "", "", "a bare string"});
    }
    if (is_proven) { // last, since from here on the image counts as complete
      if (writer) {
        writer->complete();
      }
      tell({RepairAct::Kind::complete_upload, id, "", "", "its checksum proves it whole"});
    }
  }

  [[nodiscard]] bool is_quiet(const std::string& id) {
    const auto changed = listed_->last_change(id);
    const bool is_alone = options_.dry_run || (exclusive_ && storage_->keeps_out_other_processes());
    return is_alone || !changed || listed_->now() - *changed >= k_quiet;
  }

  [[nodiscard]] bool is_whole(const std::string& id) {
    const auto layer = storage_->open_layer(id);
    if (!layer) {
      return false;
    }
    auto& progress = session_.progress();
    const auto task = progress.begin(id, Progress::Verb::reading, layer->size_bytes());
    try {
      const auto found = check_dead_upload(
          *storage_, id, [&](std::uint64_t bytes) { progress.advance(task, bytes); });
      progress.finish(task);
      return found.verdict == Verdict::sound;
    } catch (const Error& error) {
      progress.fail(task);
      if (error.kind() != ErrorKind::local_io && error.kind() != ErrorKind::protocol) {
        throw;
      }
      return false; // a layer that cannot be read proves nothing
    }
  }

  /// Whether the recorded ancestry is missing or differs from the parents, if they are complete.
  [[nodiscard]] bool needs_ancestry(Index index, const std::string& id) const {
    const auto chain = graph_.chain(index);
    return chain && listed_->ancestry(id) != chain;
  }

  void mend_tag(const ImageGraph::Tag& tag) {
    if (!options_.drop_tags || graph_.verdict(tag) != Verdict::nowhere) {
      return;
    }
    const auto& repository = graph_.repositories()[tag.repository];
    const bool is_readable = tag.image != ImageGraph::k_none;
    const auto id = is_readable ? graph_.images()[tag.image].id.text() : "";
    if (is_mended_meanwhile(repository, tag.name)) {
      return;
    }
    if (!options_.dry_run) {
      storage_->remove_tag(repository, tag.name);
    }
    tell({RepairAct::Kind::drop_tag, id, repository, tag.name,
          is_readable ? k_image_gone : k_no_image_id});
  }

  /// Whether the tag is no longer what was found when the tree was listed: a push has given it
  /// another image, or its image has come.
  [[nodiscard]] bool is_mended_meanwhile(const std::string& repository,
                                         const std::string& tag) const {
    try {
      const auto id = storage_->find_tag(repository, tag);
      return id && storage_->image_state(*id) != V1ImageState::absent;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::protocol) {
        throw;
      }
      return false; // something else than a file stands there
    }
  }

  void leave_alone(const std::string& id, const std::string& why) {
    session_.progress().note("image " + short_id(id) + " " + why + "; left alone");
    ++report_.left_alone;
  }

  void tell(const RepairAct& act) {
    ++report_.acts;
    on_act_(act);
  }

  Session& session_;
  std::shared_ptr<V1Storage> storage_;
  std::shared_ptr<const V1Storage> listed_; ///< as it was found; shared with the audit store
  const RepairOptions& options_;
  const std::function<void(const RepairAct&)>& on_act_;
  std::unique_ptr<V1Storage::Exclusive> exclusive_;
  ImageGraph graph_;
  RepairReport report_;
};

} // namespace

std::string_view to_string(RepairAct::Kind kind) noexcept {
  switch (kind) {
  case RepairAct::Kind::rebuild_ancestry:
    return "rebuild ancestry";
  case RepairAct::Kind::complete_upload:
    return "complete upload";
  case RepairAct::Kind::rewrite_checksum:
    return "rewrite checksum";
  case RepairAct::Kind::fetch_image:
    return "fetch image";
  case RepairAct::Kind::drop_tag:
    break;
  }
  return "drop tag";
}

RepairReport repair(Session& session, const std::string& path, const RepairOptions& options,
                    const std::function<void(const RepairAct&)>& on_act) {
  return repair(session, open_storage_tree(session, path), options, on_act);
}

RepairReport repair(Session& session, std::shared_ptr<V1Storage> storage,
                    const RepairOptions& options,
                    const std::function<void(const RepairAct&)>& on_act) {
  return Repair(session, std::move(storage), options, on_act).run();
}

} // namespace regctl::ops
