-- city São Paulo
-- engine: direct
-- ordered

SELECT status, paid, count(*), sum(riders), min(fare), max(fare), avg(distance) FROM trips WHERE city = 'São Paulo' GROUP BY status, paid ORDER BY status, paid LIMIT 100

-- rows of all
-- ["done",false,15,45,"3","72.4",4.863741666666667]
-- ["done",true,23,81,"3","93.06",3.652528571428572]
-- ["lost",false,7,19,"5","20.01",2.204466666666667]
-- ["lost",true,20,63,"-1.25","93.46",8.056316666666667]
-- ["open",false,7,18,"7.25","38.84",5.701671428571428]
-- ["open",true,11,32,"-1.25","61.22",6.771572727272727]
-- ["void",false,6,19,"7.25","91.69",4.7353]
-- ["void",true,12,29,"3","47.66",5.43157]
-- rows of newest
-- ["done",false,8,27,"3","72.4",7.230966666666667]
-- ["done",true,12,37,"5","93.06",3.6628833333333333]
-- ["lost",false,2,6,"5","9.99",5.3634]
-- ["lost",true,13,44,"5","93.46",5.651516666666666]
-- ["open",false,4,14,"12.5","38.84",1.75]
-- ["open",true,7,21,"3","20.01",9.855328571428572]
-- ["void",false,2,5,"12.5","20.01",0.5]
-- ["void",true,4,13,"7.25","12.5",6.610025]
