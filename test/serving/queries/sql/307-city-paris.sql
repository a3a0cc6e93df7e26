-- city Paris
-- engine: direct
-- ordered

SELECT status, paid, count(*), sum(riders), min(fare), max(fare), avg(distance) FROM trips WHERE city = 'Paris' GROUP BY status, paid ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false,17,48,"3","62.71",4.784811764705883]
-- ["done",true,40,135,"3","96.05",3.9564052631578948]
-- ["lost",false,2,3,"12","20.01",12.6065]
-- ["lost",true,13,32,"3","57.65",4.514938461538462]
-- ["open",false,4,8,"3","20.57",8.18645]
-- ["open",true,9,27,"3","62.66",6.186055555555556]
-- ["void",false,2,4,"10.19","20.01",3.9711]
-- ["void",true,14,44,"3","64.8",6.430149999999999]
-- rows of newest
-- ["done",false,9,25,"5","62.71",4.914111111111111]
-- ["done",true,24,77,"3","31.4",3.6445166666666675]
-- ["lost",false,2,3,"12","20.01",12.6065]
-- ["lost",true,8,20,"3.98","57.65",2.6505375]
-- ["open",false,2,2,"9.99","20.57",2.5]
-- ["open",true,8,25,"3","62.66",6.8343125]
-- ["void",false,2,4,"10.19","20.01",3.9711]
-- ["void",true,9,27,"3","64.8",9.113566666666665]
