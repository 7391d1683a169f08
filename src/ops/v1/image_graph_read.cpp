// SPDX-License-Identifier: Apache-2.0
#include "ops/v1/finding_words.hpp"
#include "ops/v1/image_graph.hpp"

#include <regctl/base/error.hpp>
#include <regctl/base/parallel.hpp>
#include <regctl/model/v1/repository.hpp>

#include <algorithm>

namespace regctl::ops {

namespace {

/// How many answers are collected before they are processed. All answers at once would take more
/// memory than the graph.
constexpr std::size_t k_batch = 4096;

/// Calls `ask` in parallel, and then `take` for each of `items`, one after another.
template <class Item, class Ask, class Take>
void in_batches(Session& session, const std::vector<Item>& items, Ask ask, Take take) {
  for (std::size_t begin = 0; begin < items.size(); begin += k_batch) {
    const auto size = std::min(k_batch, items.size() - begin);
    std::vector<decltype(ask(items.front()))> answers(size);
    run_parallel(session.jobs(), size, [&](std::size_t i) { answers[i] = ask(items[begin + i]); });
    for (std::size_t i = 0; i < size; ++i) {
      take(items[begin + i], answers[i]);
    }
  }
}

struct TagsAnswer {
  std::optional<V1Tags> tags;
  std::exception_ptr problem;
};

/// A registry may fail for one repository of many. In a tree every tag must be readable, since tags
/// decide which images may be removed.
TagsAnswer ask_for_tags(AuditStore& store, const std::string& repository) {
  try {
    return {store.tags(repository), nullptr};
  } catch (const Error& error) {
    if (store.has_cheap_lookups() || !store.is_whole() || error.kind() == ErrorKind::interrupted) {
      throw;
    }
    return {std::nullopt, std::current_exception()};
  }
}

} // namespace

void ImageGraph::read(Session& session, AuditStore& store, const AuditOptions& options,
                      const std::optional<std::string>& only_tag) {
  read_tags(session, store, only_tag);
  store.for_each_image([&](const std::string& id) { add(id, k_none); });
  look(session, store);
  if (options.deep) {
    read_layers(session, store);
  }
  check_ancestries(session, store);
  settle();
  reach(store);
}

void ImageGraph::read_tags(Session& session, AuditStore& store,
                           const std::optional<std::string>& only_tag) {
  repositories_ = store.repositories();
  std::vector<Index> all(repositories_.size());
  for (Index i = 0; i < all.size(); ++i) {
    all[i] = i;
  }
  in_batches(
      session, all,
      [&](Index repository) { return ask_for_tags(store, repositories_[repository]); },
      [&](Index repository, const TagsAnswer& answer) {
        const auto& tags = answer.tags;
        if (answer.problem) {
          problems_[repository] = answer.problem;
          return;
        }
        if (!tags && !store.is_whole()) {
          throw Error(ErrorKind::not_found, "there is no repository " + repositories_[repository] +
                                                " at " + store.describe());
        }
        if (!tags) { // a search index may name repositories deleted since
          session.progress().note("there is no repository " + repositories_[repository] + " at " +
                                  store.describe() + ", although it is listed");
          return;
        }
        const bool may_overwrite = std::any_of(
            tags->begin(), tags->end(), [](const auto& tag) { return tag.first.starts_with('_'); });
        if (may_overwrite) {
          for (const auto& name : store.overwritten_tags(repositories_[repository])) {
            session.progress().note("tag " + repositories_[repository] + ":" + name +
                                    " is left out: docker-registry has written the properties of "
                                    "tag _" +
                                    name.substr(0, name.rfind('_')) + " into its file");
          }
        }
        for (const auto& [name, id] : *tags) {
          if (!only_tag || name == *only_tag) {
            tags_.push_back({repository, id ? add(*id, repository) : k_none, name});
          }
        }
      });
}

/// Looks up images until no new parents turn up. In a tree all images are known beforehand, so that
/// new ones are missing ones.
void ImageGraph::look(Session& session, AuditStore& store) {
  for (Index begin = 0; begin < images_.size();) {
    std::vector<Index> unknown;
    for (; begin < images_.size(); ++begin) {
      unknown.push_back(begin);
    }
    in_batches(
        session, unknown,
        [&](Index image) { return store.look(repository_of(image), images_[image].id.text()); },
        [&](Index image, const ImageFacts& facts) {
          images_[image].is_there = facts.is_there;
          images_[image].has_no_layer = facts.has_no_layer;
          images_[image].layer_bytes = facts.layer_size_bytes.value_or(k_unknown);
          worsen(image, facts.own);
          if (facts.parent) {
            const auto parent = add(*facts.parent, images_[image].repository);
            images_[image].parent = parent; // indexed again, since add() may have moved the images
          }
        });
  }
}

void ImageGraph::read_layers(Session& session, AuditStore& store) {
  std::vector<Index> readable;
  SizeSum sizes;
  for (Index i = 0; i < images_.size(); ++i) {
    const auto& image = images_[i];
    const bool may_have_layer = image.layer_bytes != k_unknown || !store.has_cheap_lookups();
    if (image.is_there && may_have_layer && image.own != Verdict::json_damaged) {
      readable.push_back(i);
      sizes.add(known(image.layer_bytes));
    }
  }
  auto& progress = session.progress();
  progress.expect(readable.size(), sizes);
  in_batches(
      session, readable,
      [&](Index i) {
        const auto& image = images_[i];
        const auto id = image.id.text();
        const auto task = progress.begin(id, Progress::Verb::reading, known(image.layer_bytes));
        try {
          auto judgement = store.read_layer(repository_of(i), id, {image.own, detail(i)},
                                            [&](std::uint64_t n) { progress.advance(task, n); });
          progress.finish(task);
          return judgement;
        } catch (...) {
          progress.fail(task);
          throw;
        }
      },
      [&](Index i, const Judgement& judgement) { worsen(i, judgement); });
}

/// Checks recorded ancestries. A tree has one for each image. At a registry only those that a pull
/// would ask for are checked.
void ImageGraph::check_ancestries(Session& session, AuditStore& store) {
  std::vector<Index> images;
  if (store.has_cheap_lookups()) {
    for (Index i = 0; i < images_.size(); ++i) {
      images.push_back(i);
    }
  } else {
    for (const auto& tag : tags_) {
      if (tag.image != k_none) {
        images.push_back(tag.image);
      }
    }
    std::sort(images.begin(), images.end());
    images.erase(std::unique(images.begin(), images.end()), images.end());
  }
  in_batches(
      session, images, [&](Index image) { return check_ancestry(store, image); },
      [&](Index image, const Judgement& judgement) { worsen(image, judgement); });
}

Judgement ImageGraph::check_ancestry(AuditStore& store, Index image) const {
  const auto own = images_[image].own;
  const bool is_worse = own > Verdict::ancestry_wrong;
  const auto expected = is_worse ? std::nullopt : members(image);
  if (!expected) { // the chain is broken, which is reported on its own
    return {};
  }
  const auto recorded = store.ancestry(repository_of(image), images_[image].id.text());
  if (recorded.problem) {
    return *recorded.problem;
  }
  if (!recorded.ids) {
    return {Verdict::ancestry_missing, ""};
  }
  const auto is_member = [&](const std::string& id, Index member) {
    return id == images_[member].id.text();
  };
  if (!std::equal(recorded.ids->begin(), recorded.ids->end(), expected->begin(), expected->end(),
                  is_member)) {
    return {Verdict::ancestry_wrong, words_for_ancestry(recorded.ids->size(), expected->size())};
  }
  return {};
}

} // namespace regctl::ops
