import { createContext, useContext } from "react";
import type { Schemas } from "../api/client";

export type Me = Schemas["Me"];
export type Ability = Schemas["Ability"];

export const MeContext = createContext<Me | null>(null);

/** Who is signed in; every page stands behind the gate that knows it. */
export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("useMe outside Gate");
  return me;
}

/** Whether who is signed in has one of these abilities; asking for none suffices everybody. */
export function may(me: Me, abilities: readonly Ability[]): boolean {
  return abilities.length === 0 || abilities.some((one) => me.abilities.includes(one));
}
