/** True on a phone: tables become cards. */
import { useEffect, useState } from 'react';

const query = matchMedia('(max-width: 860px)');

export function usePhone(): boolean {
  const [phone, setPhone] = useState(query.matches);
  useEffect(() => {
    const listen = (): void => setPhone(query.matches);
    query.addEventListener('change', listen);
    return () => query.removeEventListener('change', listen);
  }, []);
  return phone;
}
