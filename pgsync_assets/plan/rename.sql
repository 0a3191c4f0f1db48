-- A state goes on under another name: runs, plans and refused rows know it by its number.
UPDATE :"planner".states SET sync = :'sync' WHERE id = :'state'::bigint;
