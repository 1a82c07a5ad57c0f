import { Link } from "react-router";
import { useSpeech } from "../i18n";
import { useMe } from "../identity/me";
import type { Entry } from "./entries";
import { pageOf, routeOf } from "./objects";

/** What an entry is about, in words, leading to its page where it has one. */
export function ObjectText({ entry }: { readonly entry: Entry }) {
  const { name } = useSpeech();
  const me = useMe();
  const route = routeOf(entry);
  const called = route === null ? entry.object_id : name("audit_route", route);
  const page = pageOf(entry, me);
  return (
    <>
      {entry.object_kind && <span className="quiet">{name("audit_object", entry.object_kind)} </span>}
      {page ? (
        <Link to={page} title={route ?? undefined} onClick={(event) => event.stopPropagation()}>
          {called}
        </Link>
      ) : called === route ? (
        <code className="quiet small">{called}</code>
      ) : (
        <span title={route ?? undefined}>{called || "–"}</span>
      )}
    </>
  );
}
