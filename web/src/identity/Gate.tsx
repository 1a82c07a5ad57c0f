import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, Suspense } from "react";
import { Navigate, useLocation } from "react-router";
import { api } from "../api/client";
import { MustFirst, SignInAgain } from "../parts";
import { Failure, Loading, problemCode } from "../ui/states";
import { useIdle } from "./idle";
import { type Me, MeContext } from "./me";
import { ME, SIGN_IN, useSessionEnded } from "./session";

/** Lets through who is signed in, and nobody else. */
export function Gate({ children }: { readonly children: ReactNode }) {
  const { pathname, search } = useLocation();
  const { data, error, refetch } = api.useQuery("get", ME, {}, { staleTime: Number.POSITIVE_INFINITY });
  if (!data && error && problemCode(error) === "signed_out") {
    const wanted = pathname + search;
    return <Navigate to={wanted === "/" ? SIGN_IN : `${SIGN_IN}?to=${encodeURIComponent(wanted)}`} replace />;
  }
  if (!data && error) {
    return (
      <div className="page">
        <Failure error={error} retry={() => void refetch()} />
      </div>
    );
  }
  if (!data) {
    return (
      <div className="page">
        <Loading />
      </div>
    );
  }
  // Another person begins with pages of their own: nothing that was opened before is theirs.
  return (
    <Inside key={data.person_id} me={data}>
      {children}
    </Inside>
  );
}

function Inside({ me, children }: { readonly me: Me; readonly children: ReactNode }) {
  const ended = useSessionEnded();
  const queries = useQueryClient();
  useIdle(me.idle_minutes);
  if (me.must_change_password || me.needs_second_factor) {
    return (
      <MeContext value={me}>
        <Suspense fallback={<Loading />}>
          <MustFirst />
        </Suspense>
      </MeContext>
    );
  }
  return (
    <MeContext value={me}>
      {/* What was typed stays where it is, out of sight, until the same person is back. */}
      <div hidden={ended}>{children}</div>
      {ended && (
        <Suspense fallback={<Loading />}>
          <SignInAgain
            me={me}
            back={(who) => {
              if (who.person_id !== me.person_id) queries.clear();
              queries.setQueryData(["get", ME, {}], who);
              void queries.invalidateQueries();
            }}
          />
        </Suspense>
      )}
    </MeContext>
  );
}
